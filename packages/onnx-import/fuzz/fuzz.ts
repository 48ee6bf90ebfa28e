import { type Case, Tally } from './cases.js';
import type { Outcome } from './compare.js';
import { describeModel, fuzzOptions, writeCase } from './options.js';
import { seedOf } from './random.js';
import { Report } from './report.js';
import { shrink } from './shrink.js';

/** What is fuzzed. */
export interface Fuzzed {
  readonly defaults: { readonly cases: number; readonly out: string };
  /** A case of a seed of its own; undefined where none comes of it. */
  make(seed: number, tried: Tally): Case | undefined;
  compare(found: Case, seed: number): Promise<Outcome>;
}

/** Runs as many cases as the command line asks for, shrinks and prints what differs, and then exits with 1. */
export async function fuzz({ defaults, make, compare }: Fuzzed): Promise<void> {
  const { cases, seed, from, out } = fuzzOptions(defaults);
  const tried = new Tally();
  const report = new Report(cases);
  for (let i = from; i < from + cases; i++) {
    const own = seedOf(seed, i);
    const found = make(own, tried);
    const outcome = found && (await compare(found, own));
    report.count(outcome);
    if (!found || outcome?.kind !== 'different') continue;
    const { model } = await shrink(found, async one => (await compare(one, own)).kind === 'different');
    const told = await compare({ ...found, model }, own);
    console.log(`case ${i}: ${told.kind === 'different' ? told.how : outcome.how}`);
    console.log(`  ${writeCase(out, `seed${seed}-case${i}`, model)}\n${describeModel(model)}`);
  }
  console.log(`${cases} cases from ${from}, seed ${seed}: ${report}`);
  console.log(`read/refused while made: ${tried}`);
  report.printReasons();
  if (report.different > 0) process.exitCode = 1;
}
