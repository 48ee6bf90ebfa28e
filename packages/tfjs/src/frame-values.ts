import { type Matrix, PoliceError, type Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FrameTensors } from './frames.js';

/** The tensors of a frame in one list, as `customGrad` takes them. */
export const tensorsOf = ({ origins, directions }: FrameTensors): tf.Tensor[] => [
  origins,
  ...directions.filter(tensor => tensor !== null),
];

/**
 * Origins and directions as one float64 block `[dᵣ + 1, units]` per region. Throws `not-finite`, naming the layer, when
 * the weights overflow on a region.
 */
export function downloadFrames(
  tensors: readonly tf.Tensor[],
  regions: readonly Region[],
  where: string,
): Matrix[] {
  const units = tensors[0].size / tensors[0].shape[0];
  const [origins, ...directions] = tensors.map(tensor => tensor.dataSync());
  let next = 0;
  return regions.map(({ frame }, r) => {
    const data = new Float64Array(frame.rows * units);
    data.set(origins.subarray(r * units, (r + 1) * units));
    if (frame.rows > 1) data.set(directions[next++], units);
    const bad = firstNonFinite(data);
    if (bad >= 0) {
      throw new PoliceError({
        code: 'not-finite',
        where,
        expected: 'finite pre-activations on the region',
        actual: `${data[bad]} at unit ${bad % units} on region ${r}`,
        remedy: 'The weights have grown beyond float32: lower the learning rate, or scale the inputs.',
      });
    }
    return { rows: frame.rows, cols: units, data };
  });
}

/** `factor` times blocks `[dᵣ + 1, units]`, in the layout of the tensors: all origins stacked, then each region's directions. */
export function uploadFrames(
  blocks: readonly Matrix[],
  tensors: readonly tf.Tensor[],
  factor: 1 | -1,
): tf.Tensor[] {
  const units = blocks[0].cols;
  const shape = tensors[0].shape.slice(1);
  const origins = new Float32Array(blocks.length * units);
  const directions: tf.Tensor[] = [];
  blocks.forEach(({ rows, data }, r) => {
    // A plain loop: `Float32Array.from` with a function takes 30 times as long.
    const values = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) values[i] = factor * data[i];
    origins.set(values.subarray(0, units), r * units);
    if (rows > 1) directions.push(tf.tensor(values.subarray(units), [rows - 1, ...shape]));
  });
  return [tf.tensor(origins, tensors[0].shape), ...directions];
}

/**
 * The identity that throws `not-finite` when a loss gradient with NaN or infinity in it comes back, before any weight
 * is touched. A shift alone would miss it: behind a flat piece of the nonlinearity its gradient is 0.
 */
export function withFiniteGradient(y: tf.Tensor, where: string): tf.Tensor {
  const op = tf.customGrad(input => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => {
      assertFiniteGradient(dy, where);
      return tf.clone(dy);
    },
  }));
  return op(y);
}

export function assertFiniteGradient(dy: tf.Tensor, where: string): void {
  const values = dy.dataSync();
  const bad = firstNonFinite(values);
  if (bad < 0) return;
  throw new PoliceError({
    code: 'not-finite',
    where,
    expected: 'a finite loss gradient',
    actual: `${values[bad]} at unit ${bad % dy.shape.at(-1)!}`,
    remedy: 'Look for NaN in the training data or a diverging loss; the weights are as before this step.',
  });
}

/** Index of the first NaN or infinity, −1 if there is none. */
function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
