import { parseArgs } from 'node:util';
import { wholeNumber } from '@police/common/options';
import { machineName, runProgram } from '@police/common/program';
import { median, pairedRatios, quartiles } from '@police/common/statistics';
import type { Backend, Contender } from './backends/backend.js';
import { loadBackends } from './backends/index.js';
import type { BenchCase } from './cases/case.js';
import { cases } from './cases/index.js';
import { checkAll } from './check.js';
import { ratioText, short, table } from './report/format.js';
import { select } from './select.js';

const HELP = `npm run bench:ratios -- [options]

A constrained training step over the unconstrained one, frameworks side by side: all of them take turns in this one process, and
what is counted is processor time, so that a machine that others use disturbs ratios little. For the report of record, npm run bench.

  --cases A,B      (default table1/2-2-256,table1/2-4-64,dimension/784)
  --backends A,B   of those that run in Node  (default tfjs-wasm-training,jax-wasm)
  --rounds N       (default 100)
  --help
`;

const WARM_UP = 8;
const STEPS = 4;
const TIMED = new Set(['unconstrained', 'ours']);
/** What is made ready only where it is asked for. */
const LEFT_OUT = new Set(['plain', 'local', 'project', 'refresh', 'patch', 'fade', 'library']);

interface Timed {
  readonly contender: Contender;
  readonly times: number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: 'table1/2-2-256,table1/2-4-64,dimension/784' },
      backends: { type: 'string', default: 'tfjs-wasm-training,jax-wasm' },
      rounds: { type: 'string', default: '100' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = wholeNumber('--rounds', values.rounds);
  const inNode = (await loadBackends()).filter(({ host }) => host !== 'browser');
  const backends = select('--backends', values.backends, inNode);
  const rows: string[][] = [];
  for (const spec of select('--cases', values.cases, cases))
    rows.push(...(await measured(spec, backends, rounds)));
  const head = ['case', 'backend', 'unconstrained, ms', 'ours, ms', 'ratio'];
  process.stdout.write(`${machineName}, ${rounds} rounds\n\n${table(head, rows)}\n`);
}

/** One row for each backend. Throws where a contender is not affine on the region to rounding. */
async function measured(spec: BenchCase, backends: readonly Backend[], rounds: number): Promise<string[][]> {
  const prepared = await Promise.all(backends.map(backend => backend.prepare(spec, LEFT_OUT)));
  const timed = prepared.map(({ contenders }) =>
    contenders.filter(({ name }) => TIMED.has(name)).map((contender): Timed => ({ contender, times: [] })),
  );
  for (const [i, { contenders }] of prepared.entries()) await assertAffine(spec, contenders, backends[i]);
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const turns = timed.flat();
    if (round % 2 === 1) turns.reverse();
    for (const turn of turns) {
      const time = await processorTime(turn.contender);
      if (round >= WARM_UP) turn.times.push(time);
    }
  }
  for (const each of prepared) await each.dispose();
  return timed.map(([unconstrained, ours], i) => [
    spec.name,
    backends[i].name,
    short(median(unconstrained.times)),
    short(median(ours.times)),
    ratioText(quartiles(pairedRatios(ours.times, unconstrained.times))),
  ]);
}

async function assertAffine(
  spec: BenchCase,
  contenders: readonly Contender[],
  { name, roundoff }: Backend,
): Promise<void> {
  for (const { contender, residual, tolerance } of await checkAll(spec, contenders, roundoff)) {
    // NaN is not at most anything.
    if (!(residual <= tolerance))
      throw new Error(
        `${spec.name} on ${name}: ${contender} bends by ${residual}, which rounding (${tolerance}) does not explain`,
      );
  }
}

/** Milliseconds of processor time a step. */
async function processorTime({ run, after }: Contender): Promise<number> {
  const start = process.cpuUsage();
  for (let step = 0; step < STEPS; step++) await run();
  const { user, system } = process.cpuUsage(start);
  after?.();
  return (user + system) / 1000 / STEPS;
}

await runProgram(main);
