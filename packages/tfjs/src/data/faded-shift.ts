import * as tf from '@tensorflow/tfjs-core';
import { affine } from '../ops/affine-op.js';

/**
 * `x + Σ tᵣ cᵣ` for values x `[n, ...shape]`, t `[n, regions]` and shifts c `[regions, ...of a shape that broadcasts]`: to the bit x where
 * every t is 0, x + cᵣ where tᵣ alone is not, and 1.
 */
export function addedFaded(x: tf.Tensor, t: tf.Tensor2D, c: tf.Tensor): tf.Tensor {
  const [regions, ...shape] = c.shape;
  const shifts = affine(t, tf.reshape(c, [regions, -1]) as tf.Tensor2D);
  const between = new Array<number>(x.rank - c.rank).fill(1);
  return tf.add(x, tf.reshape(shifts, [x.shape[0], ...between, ...shape]));
}
