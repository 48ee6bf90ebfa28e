import { planarNetwork } from '@police/common/network';
import { seededRng } from '@police/common/random';
import { paperRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { sizeOf, type Task } from '@police/common/task';
import { outputsOf } from '@police/common/tfjs';
import { chordProbe } from '@police/core';
import { type ConstrainOptions, constrain } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';

/** What is compared; `constraint` undefined is the unconstrained network. */
export interface Rule {
  readonly name: string;
  readonly constraint?: Omit<ConstrainOptions, 'regions'>;
}

export const rules: readonly Rule[] = [
  { name: 'unconstrained' },
  { name: 'majority', constraint: { policy: 'majority' } },
  { name: 'minimal', constraint: { policy: 'minimal' } },
  { name: 'sticky', constraint: { policy: 'sticky' } },
  { name: 'sticky-local', constraint: { policy: 'sticky', gradient: 'local' } },
  { name: 'refresh-4', constraint: { policy: 'sticky', refresh: 4 } },
  { name: 'refresh-16', constraint: { policy: 'sticky', refresh: 16 } },
  { name: 'project', constraint: { policy: 'sticky', mode: 'project' } },
  { name: 'fade', constraint: { fade: 0.25 } },
  { name: 'patch-5', constraint: { method: 'patch', steepness: 5 } },
  { name: 'patch-20', constraint: { method: 'patch', steepness: 20 } },
];

export interface TrainResult {
  /** Mean squared error over the grid after the last step. */
  readonly loss: number;
  /** Largest affine residual on random chords of the region, after the last step. */
  readonly residual: number;
  readonly seconds: number;
}

/** Trains a network on a task under a rule. */
export type Trainer = (
  task: Task,
  rule: Rule,
  seed: number,
  steps: number,
  onStep: () => void,
) => Promise<TrainResult>;

/** Computed at the grid's float64 points, as for the figures in QUALITY.md. */
export const tasks: readonly Task[] = (['wave', 'rays'] as const).map(name =>
  regressionTask(name, 40, Float64Array),
);

/** Network and step size of the design's table. */
const SHAPE = { width: 64, depth: 4, leak: 0.01 };
const LEARNING_RATE = 1e-3;
const CHORDS = 2000;

/** Where the network is to be affine. */
export const region = paperRegions.triangle;

/** Trains the network of the design's table on the whole grid with Adam; the same seed starts every rule equally. */
export async function train(
  task: Task,
  rule: Rule,
  seed: number,
  steps: number,
  onStep: () => void,
): Promise<TrainResult> {
  const model = constrain(planarNetwork(SHAPE, 1, seed), {
    regions: rule.constraint ? [region] : [],
    ...rule.constraint,
  });
  const x = tf.tensor2d(task.points, [sizeOf(task), 2]);
  const y = tf.tensor2d(task.values, [sizeOf(task), 1]);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const mse = () =>
    tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  const start = performance.now();
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(mse);
    onStep();
    // Lets Ctrl-C and the progress bar through.
    if (step % 20 === 0) await new Promise(resolve => setTimeout(resolve));
  }
  const seconds = (performance.now() - start) / 1000;
  const loss = tf.tidy(() => {
    const output = model.predict(x, { batchSize: sizeOf(task) }) as tf.Tensor;
    return tf.losses.meanSquaredError(y, output).dataSync()[0];
  });
  const probe = chordProbe(region, CHORDS, seededRng(seed));
  const residual = probe.residual(outputsOf(model, probe.points));
  tf.dispose([x, y]);
  optimizer.dispose();
  model.dispose();
  return { loss, residual, seconds };
}
