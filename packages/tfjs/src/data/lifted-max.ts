import type { Windows } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { pickColumns } from '../ops/pick-columns.js';

/** `max(y, x_winner + lift)`: y the plain maxima of x, windows that nothing lifts as they are. */
export function liftedMax(
  y: tf.Tensor,
  x: tf.Tensor,
  { offsets, members }: Windows,
  winner: Int32Array,
  lift: tf.Tensor1D,
): tf.Tensor {
  if (winner.every(entry => entry < 0)) return y;
  // An entry of the window itself changes nothing where the lift is 0.
  const candidates = winner.map((entry, w) => (entry < 0 ? members[offsets[w]] : entry));
  return tf.maximum(y, tf.reshape(tf.add(pickColumns(flatRows(x), candidates), lift), y.shape));
}

const flatRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0], -1]) as tf.Tensor2D;
