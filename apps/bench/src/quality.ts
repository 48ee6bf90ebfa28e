import '@tensorflow/tfjs-backend-wasm';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import cliProgress from 'cli-progress';
import { affineFloor } from './floor.js';
import { planarTask, taskNames } from './tasks.js';
import { type Rule, rules, type TrainResult, train } from './train.js';

const HELP = `npm run bench:quality -- [options]

How close training under the constraint comes to the least error that any network affine on the region can have:
the wave and rays tasks of the paper's Fig. 2 (triangle region, 40 × 40 grid), every policy and mode side by side.
2 → 64 × 4 → 1, leaky ReLU, Adam 1e-3, the whole grid in each step, TensorFlow.js wasm.

  --seeds N     seeds 1 … N                         (default 5)
  --steps N     training steps                      (default 1200)
  --rules A,B   of ${rules.map(r => r.name).join(', ')}  (default all)
  --tasks A,B   of ${taskNames.join(', ')}                       (default both)
  --out DIR     where quality.jsonl and quality.md go (default out/quality)
  --fresh       forget finished runs; without it a run resumes where it was stopped
  --quick       2 seeds, 300 steps
  --help
`;

interface Run extends TrainResult {
  readonly task: string;
  readonly rule: string;
  readonly seed: number;
  readonly steps: number;
}

const GRID_SIDE = 40;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      steps: { type: 'string' },
      rules: { type: 'string' },
      tasks: { type: 'string' },
      out: { type: 'string', default: join('out', 'quality') },
      fresh: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const seeds = count('--seeds', values.seeds ?? (values.quick ? '2' : '5'));
  const steps = count('--steps', values.steps ?? (values.quick ? '300' : '1200'));
  const chosenRules = pick('--rules', values.rules, rules, rule => rule.name);
  const chosenTasks = pick('--tasks', values.tasks, taskNames, name => name);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');

  const file = join(values.out, 'quality.jsonl');
  await mkdir(dirname(file), { recursive: true });
  if (values.fresh) await rm(file, { force: true });
  const runs = await finishedRuns(file, steps);
  const wanted = chosenTasks.flatMap(task =>
    // Seed by seed, so that a stopped run has all rules for the seeds it finished.
    Array.from({ length: seeds }, (_, i) => i + 1).flatMap(seed =>
      chosenRules.map(rule => ({ task, seed, rule })),
    ),
  );
  const missing = wanted.filter(
    ({ task, seed, rule }) =>
      !runs.some(run => run.task === task && run.seed === seed && run.rule === rule.name),
  );
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage}% | {what} | {eta_formatted} left',
      noTTYOutput: true,
      notTTYSchedule: 15_000,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(missing.length * steps, 0, { what: '' });
  for (const { task, seed, rule } of missing) {
    bar.update({ what: `${task} ${rule.name} seed ${seed}` });
    const result = await train(planarTask(task, GRID_SIDE), rule, seed, steps, () => bar.increment());
    const run: Run = { task, rule: rule.name, seed, steps, ...result };
    runs.push(run);
    await appendFile(file, `${JSON.stringify(run)}\n`);
  }
  bar.stop();
  const report = markdown(
    runs.filter(run =>
      wanted.some(w => w.task === run.task && w.seed === run.seed && w.rule.name === run.rule),
    ),
    chosenTasks,
    chosenRules,
    seeds,
    steps,
  );
  await writeFile(join(values.out, 'quality.md'), report);
  process.stdout.write(`\n${report}\n${file}\n`);
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option}: expected a whole number above 0, got '${text}'`);
}

function pick<T>(
  option: string,
  text: string | undefined,
  all: readonly T[],
  nameOf: (entry: T) => string,
): readonly T[] {
  if (text === undefined) return all;
  return text.split(',').map(name => {
    const found = all.find(entry => nameOf(entry) === name);
    if (found === undefined)
      throw new Error(`${option}: expected of ${all.map(nameOf).join(', ')}, got '${name}'`);
    return found;
  });
}

async function finishedRuns(file: string, steps: number): Promise<Run[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const runs = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Run);
  return runs.filter(run => run.steps === steps);
}

function markdown(
  runs: readonly Run[],
  tasks: readonly (typeof taskNames)[number][],
  chosen: readonly Rule[],
  seeds: number,
  steps: number,
): string {
  const sections = tasks.map(task => {
    const floor = affineFloor(planarTask(task, GRID_SIDE));
    const rows = chosen.map(({ name }) => {
      const own = runs.filter(run => run.task === task && run.rule === name).sort((a, b) => a.seed - b.seed);
      const losses = own.map(({ loss }) => loss);
      const residual = Math.max(...own.map(run => run.residual));
      const msPerStep = median(own.map(({ seconds }) => (1000 * seconds) / steps));
      return `| ${name} | ${losses.map(l => l.toFixed(4)).join(' | ')} | ${median(losses).toFixed(4)} | ${(median(losses) - floor).toFixed(4)} | ${residual.toExponential(1)} | ${msPerStep.toFixed(1)} |`;
    });
    const heads = Array.from({ length: seeds }, (_, i) => `seed ${i + 1}`);
    return [
      `### ${task}: floor ${floor.toFixed(4)}`,
      '',
      `| rule | ${heads.join(' | ')} | median | above floor | residual | ms/step |`,
      `|---|${'---|'.repeat(seeds + 4)}`,
      ...rows,
      '',
    ].join('\n');
  });
  const setup = `Final mean squared error after ${steps} steps; TensorFlow.js ${tf.version_core} wasm, Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}. The floor is the least error of any function affine on the triangle; the unconstrained network may go below it.`;
  return `${setup}\n\n${sections.join('\n')}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
