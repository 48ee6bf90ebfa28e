import * as tf from '@tensorflow/tfjs-core';

/** Where the largest entry of each column `[n, units]` is, the first of those tied: `[units, n]`, one 1 in each row. */
export function chosenRows(x: tf.Tensor): tf.Tensor2D {
  // Whole numbers: the wasm backend writes those whatever it is asked for.
  const whole = tf.oneHot(tf.argMax(x, 0) as tf.Tensor1D, x.shape[0]);
  return tf.cast(whole, 'float32') as tf.Tensor2D;
}
