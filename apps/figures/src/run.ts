import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { png } from '@police/common/plot';
import { sizeOf } from '@police/common/task';
import { finishedTraining, keepTraining, trainingKey } from './cache.js';
import type { Figure, Picture } from './figures/figure.js';
import type { Scale } from './settings.js';
import { type Trained, type Training, train } from './training.js';

export interface RunOptions {
  readonly figures: readonly Figure[];
  readonly scale: Scale;
  readonly seed: number;
  /** Folder of the pictures. */
  readonly out: string;
  /** Folder of the finished trainings; those found are not trained again. */
  readonly cache: string;
}

/** What is told while it runs. Work is in multiply-adds, which takes time in proportion. */
export interface Progress {
  /** All the work there is to do. */
  start(work: number): void;
  training(name: string): void;
  work(done: number): void;
  picture(file: string): void;
}

/**
 * Trains what the figures need and is not there yet, and draws each figure as soon as it can be. Several runs may share
 * a cache: what another has finished meanwhile is not trained again.
 */
export async function run(
  { figures, scale, seed, out, cache }: RunOptions,
  progress: Progress,
): Promise<void> {
  const trained = new Map<string, Trained>();
  const wanted = figures.flatMap(figure => figure.trainings(scale, seed));
  const needed = new Map(wanted.map(training => [trainingKey(training), training]));
  for (const key of needed.keys()) {
    const finished = await finishedTraining(cache, key);
    if (finished) trained.set(key, finished);
  }
  const missing = [...needed].filter(([key]) => !trained.has(key)).map(([, training]) => training);
  progress.start(missing.reduce((sum, training) => sum + workOf(training), 0));
  await mkdir(out, { recursive: true });
  for (const figure of figures) {
    for (const training of figure.trainings(scale, seed)) {
      const key = trainingKey(training);
      if (trained.has(key)) continue;
      progress.training(`${figure.name}, ${nameOf(training)}`);
      const finished = await finishedTraining(cache, key);
      if (finished) progress.work(workOf(training));
      trained.set(key, finished ?? (await trainAndKeep(training, cache, progress)));
    }
    for (const picture of figure.draw(scale, seed, training => trained.get(trainingKey(training))!)) {
      await writePicture(out, picture);
      progress.picture(join(out, `${picture.name}.png`));
    }
  }
}

async function trainAndKeep(training: Training, cache: string, progress: Progress): Promise<Trained> {
  const work = workOf(training) / training.setup.steps;
  const trained = await train(training, () => progress.work(work));
  await keepTraining(cache, trainingKey(training), trained);
  return trained;
}

const nameOf = ({ task, constraint }: Training): string =>
  `${task.name} ${constraint?.method ?? constraint?.policy ?? 'unconstrained'}`;

/** Multiply-adds of a training on the data: the frames of planar regions are small beside it. */
function workOf({ task, setup }: Training): number {
  const { width, depth, batch, steps } = setup;
  const rows = Math.min(batch ?? Number.POSITIVE_INFINITY, sizeOf(task));
  return 3 * steps * rows * (2 * width + (depth - 1) * width * width + width * task.outputs);
}

/** Pixels of a PNG for each of the picture's: crisp when shown smaller than it is, and half the bytes of two. */
const ZOOM = 1.5;

async function writePicture(out: string, { name, svg, records }: Picture): Promise<void> {
  const lines = records.map(record => `${JSON.stringify(record)}\n`);
  await writeFile(join(out, `${name}.svg`), svg);
  await writeFile(join(out, `${name}.png`), png(svg, ZOOM));
  await writeFile(join(out, `${name}.jsonl`), lines.join(''));
}
