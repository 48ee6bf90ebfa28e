import * as tf from '@tensorflow/tfjs-core';
import { type DeviceConstants, originColumn } from './constants.js';

/** x in another shape, or as it is where it has that: one kernel less. */
export function shaped(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const isSame = x.rank === shape.length && shape.every((size, i) => size === x.shape[i]);
  return isSame ? x : tf.reshape(x, [...shape]);
}

/** `[rows, units]`. */
export const flat = (x: tf.Tensor): tf.Tensor2D =>
  shaped(x, [x.shape[0], x.size / x.shape[0]]) as tf.Tensor2D;

/** `[rows, units]` of each region. */
export function blocksOf(frames: tf.Tensor, rows: readonly number[]): tf.Tensor2D[] {
  return rows.length === 1 ? [flat(frames)] : tf.split(flat(frames), [...rows]);
}

/** The inverse. */
export const joined = (parts: readonly tf.Tensor[]): tf.Tensor2D =>
  (parts.length === 1 ? parts[0] : tf.concat([...parts])) as tf.Tensor2D;

/** The sum `[1, units]` of the origins' rows. */
export function originRows(x: tf.Tensor2D, rows: readonly number[], constants: DeviceConstants): tf.Tensor2D {
  if (rows.length === 1) return tf.slice(x, [0, 0], [1, -1]);
  return tf.matMul(originColumn(rows, 2, constants) as tf.Tensor2D, x, true);
}
