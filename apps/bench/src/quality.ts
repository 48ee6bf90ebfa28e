import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readIfThere } from '@police/common/files';
import { chosen, wholeNumber } from '@police/common/options';
import { runProgram } from '@police/common/program';
import { progressBar } from '@police/common/progress';
import type { Task } from '@police/common/task';
import { useWasm } from '@police/common/wasm';
import { browserTrainer } from './browser/train-in-browser.js';
import { qualityReport, type Run } from './report/quality.js';
import { type Rule, rules, type Trainer, tasks, train } from './train.js';

/** What trains on each backend of TensorFlow.js. */
const backends: readonly { readonly name: string; readonly train: Trainer }[] = [
  { name: 'wasm', train },
  { name: 'webgl', train: browserTrainer('webgl') },
  { name: 'webgpu', train: browserTrainer('webgpu') },
];
const namesOf = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(', ');

const HELP = `npm run bench:quality -- [options]

How close training under the constraint comes to the least error that any network affine on the region can have:
the wave and rays tasks of the paper's Fig. 2 (triangle region, 40 × 40 grid), every policy and mode side by side.
2 → 64 × 4 → 1, leaky ReLU, Adam 1e-3, the whole grid in each step, TensorFlow.js.

  --seeds N     seeds 1 … N                         (default 5)
  --steps N     training steps                      (default 1200)
  --rules A,B   of ${namesOf(rules)}  (default all)
  --tasks A,B   of ${namesOf(tasks)}                       (default both)
  --backend B   of ${namesOf(backends)}           (default wasm; the others in a headless Chromium)
  --out DIR     where quality.jsonl and quality.md go (default out/quality, out/quality-B of another backend)
  --fresh       forget finished runs; without it a run resumes where it was stopped
  --quick       2 seeds, 300 steps
  --help
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      steps: { type: 'string' },
      rules: { type: 'string' },
      tasks: { type: 'string' },
      backend: { type: 'string', default: 'wasm' },
      out: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { quick } = values;
  const [backend] = chosen('--backend', values.backend, backends);
  const out = values.out ?? join('out', backend.name === 'wasm' ? 'quality' : `quality-${backend.name}`);
  const plan: Plan = {
    seeds: wholeNumber('--seeds', values.seeds ?? (quick ? '2' : '5')),
    steps: wholeNumber('--steps', values.steps ?? (quick ? '300' : '1200')),
    rules: chosen('--rules', values.rules, rules),
    tasks: chosen('--tasks', values.tasks, tasks),
    train: backend.train,
  };
  if (backend.name === 'wasm') await useWasm();
  const file = join(out, 'quality.jsonl');
  await mkdir(out, { recursive: true });
  if (values.fresh) await rm(file, { force: true });
  const runs = await trainMissing(file, plan);
  const report = qualityReport(runs, plan, backend.name);
  await writeFile(join(out, 'quality.md'), report);
  process.stdout.write(`\n${report}\n${file}\n`);
}

interface Plan {
  readonly seeds: number;
  readonly steps: number;
  readonly rules: readonly Rule[];
  readonly tasks: readonly Task[];
  readonly train: Trainer;
}

/** Trains what the file lacks, and adds it there. Returns all runs of so many steps. */
async function trainMissing(file: string, plan: Plan): Promise<readonly Run[]> {
  const { seeds, steps } = plan;
  const runs = await finishedRuns(file, steps);
  const wanted = plan.tasks.flatMap(task =>
    // Seed by seed, so that a stopped run has all rules for the seeds it finished.
    Array.from({ length: seeds }, (_, i) => i + 1).flatMap(seed =>
      plan.rules.map(rule => ({ task, seed, rule })),
    ),
  );
  const missing = wanted.filter(
    ({ task, seed, rule }) =>
      !runs.some(run => run.task === task.name && run.seed === seed && run.rule === rule.name),
  );
  const bar = progressBar('{bar} {percentage}% | {what} | {eta_formatted} left');
  bar.start(missing.length * steps, 0, { what: '' });
  for (const { task, seed, rule } of missing) {
    bar.update({ what: `${task.name} ${rule.name} seed ${seed}` });
    const result = await plan.train(task, rule, seed, steps, () => bar.increment());
    const run: Run = { task: task.name, rule: rule.name, seed, steps, ...result };
    runs.push(run);
    await appendFile(file, `${JSON.stringify(run)}\n`);
  }
  bar.stop();
  return runs;
}

async function finishedRuns(file: string, steps: number): Promise<Run[]> {
  const lines = ((await readIfThere(file)) ?? '').split('\n').filter(line => line !== '');
  return lines.map(line => JSON.parse(line) as Run).filter(run => run.steps === steps);
}

await runProgram(main);
