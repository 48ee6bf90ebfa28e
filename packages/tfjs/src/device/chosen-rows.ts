import * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from './constants.js';
import { indicator } from './select.js';

/** Where the largest entry of each column `[n, units]` is, the first of those tied: `[n, units]`, one 1 in each column. */
export function chosenRows(x: tf.Tensor2D, constants: DeviceConstants): tf.Tensor2D {
  const [count] = x.shape;
  const numbers = constants.get(`0 to ${count}`, () =>
    tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1]),
  );
  return indicator(tf.equal(numbers, tf.argMax(x, 0)), constants);
}
