// `npm run fuzz:onnx -- --cases N --seed S`: random models in our reader and in ONNX Runtime. Exit 1 on a difference.
import { randomCase, Tally } from './cases.js';
import { compare, type Outcome } from './compare.js';
import { describeModel, fuzzOptions, writeCase } from './options.js';
import { seedOf } from './random.js';
import { shrink } from './shrink.js';

/** How often progress is told. */
const EVERY = 500;

const { cases, seed, from, out } = fuzzOptions({ cases: 500, out: 'out/fuzz-onnx' });
const tried = new Tally();
const outcomes: Record<Outcome['kind'] | 'none', number> = { same: 0, different: 0, refused: 0, 'not run': 0, none: 0 };
const notRun = new Map<string, number>();
const refused = new Map<string, number>();
const began = Date.now();

for (let i = from; i < from + cases; i++) {
  const own = seedOf(seed, i);
  const found = randomCase(own, tried);
  const outcome = found && (await compare(found, own));
  outcomes[outcome?.kind ?? 'none']++;
  if (outcome?.kind === 'not run') tally(notRun, outcome.why);
  if (outcome?.kind === 'refused') tally(refused, outcome.why);
  if (found && outcome?.kind === 'different') {
    const small = await shrink(found, async one => (await compare(one, own)).kind === 'different');
    const told = await compare(small, own);
    const path = writeCase(out, `seed${seed}-case${i}`, small.model);
    console.log(`case ${i}: ${told.kind === 'different' ? told.how : outcome.how}\n  ${path}`);
    console.log(describeModel(small.model));
  }
  if ((i - from + 1) % EVERY === 0) {
    console.error(`${i - from + 1} of ${cases} (${((Date.now() - began) / 1000).toFixed(0)} s): ${summary()}`);
  }
}

console.log(`${cases} cases from ${from}, seed ${seed}: ${summary()}`);
const rows = [...tried.counts].sort(([a], [b]) => a.localeCompare(b));
console.log(`read/refused while made: ${rows.map(([name, n]) => `${name} ${n.read}/${n.refused}`).join(', ')}`);
for (const [title, counts] of [['refused', refused], ['not run', notRun]] as const) {
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 12);
  for (const [why, count] of most) console.log(`${title} ${count}×: ${why.slice(0, 200)}`);
}
if (outcomes.different > 0) process.exitCode = 1;

function summary(): string {
  return Object.entries(outcomes)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}

/** Messages that differ in names and numbers only count as one. */
function tally(counts: Map<string, number>, why: string): void {
  const key = why.replace(/'[^']*'/g, "'…'").replace(/[a-z]?\d+(\.\d+)?(e[+-]?\d+)?/gi, 'N').slice(0, 250);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
