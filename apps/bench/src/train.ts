import { chordProbe, vPolytope } from '@police/core';
import { type ConstrainOptions, constrain } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { PlanarTask } from './tasks.js';

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
];

export interface TrainResult {
  /** Mean squared error over the grid after the last step. */
  readonly loss: number;
  /** Largest affine residual on random chords of the region, after the last step. */
  readonly residual: number;
  readonly seconds: number;
}

/** Width, hidden layers, leaky slope and step size of the design's table. */
const WIDTH = 64;
const DEPTH = 4;
const LEAK = 0.01;
const LEARNING_RATE = 1e-3;
const CHORDS = 2000;

/** Trains the network of the design's table on the whole grid with Adam; the same seed starts every rule equally. */
export async function train(
  task: PlanarTask,
  rule: Rule,
  seed: number,
  steps: number,
  onStep: () => void,
): Promise<TrainResult> {
  const region = vPolytope(task.vertices);
  const model = constrain(planarNetwork(seed), {
    regions: rule.constraint ? [region] : [],
    ...rule.constraint,
  });
  const x = tf.tensor2d(task.points.map(p => [...p]));
  const y = tf.tensor2d([...task.target], [task.target.length, 1]);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const mse = () =>
    tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  const start = performance.now();
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(mse);
    onStep();
    // Lets Ctrl-C and the progress bar through.
    if (step % 20 === 0) await new Promise(resolve => setImmediate(resolve));
  }
  const seconds = (performance.now() - start) / 1000;
  const predict = (points: tf.Tensor2D) =>
    tf.tidy(() => model.predict(points, { batchSize: points.shape[0] }) as tf.Tensor);
  const output = predict(x);
  const loss = tf.tidy(() => tf.losses.meanSquaredError(y, output).dataSync()[0]);
  const generator = xoroshiro128plus(seed);
  const probe = chordProbe(region, CHORDS, () => uniformFloat64(generator));
  const chords = tf.tensor2d(Float32Array.from(probe.points.data), [3 * CHORDS, 2]);
  const atChords = predict(chords);
  const residual = probe.residual({
    rows: 3 * CHORDS,
    cols: 1,
    data: Float64Array.from(atChords.dataSync()),
  });
  tf.dispose([x, y, output, chords, atChords]);
  optimizer.dispose();
  model.dispose();
  return { loss, residual, seconds };
}

/** 2 → 64 × 4 → 1, leaky ReLU; weights and biases uniform in ±1/√fan-in, as in the authors' framework. */
function planarNetwork(seed: number): tfl.Sequential {
  const model = tfl.sequential();
  const widths = [2, ...Array<number>(DEPTH).fill(WIDTH), 1];
  for (let i = 1; i < widths.length; i++) {
    const bound = 1 / Math.sqrt(widths[i - 1]);
    const uniform = (stream: number) =>
      tfl.initializers.randomUniform({ minval: -bound, maxval: bound, seed: 1000 * seed + 10 * i + stream });
    model.add(
      tfl.layers.dense({
        units: widths[i],
        ...(i === 1 ? { inputShape: [2] } : {}),
        kernelInitializer: uniform(1),
        biasInitializer: uniform(2),
      }),
    );
    if (i < widths.length - 1) model.add(tfl.layers.leakyReLU({ alpha: LEAK }));
  }
  return model;
}
