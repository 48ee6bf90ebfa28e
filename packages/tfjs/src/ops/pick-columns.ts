import * as tf from '@tensorflow/tfjs-core';

/**
 * Column `index[j]` of x `[rows, size]` as column j, `[rows, index.length]`. As `tf.gather`, whose gradient the wasm backend
 * lacks.
 */
export function pickColumns(x: tf.Tensor2D, index: Int32Array): tf.Tensor2D {
  const op = tf.customGrad(input => {
    const [rows, size] = (input as tf.Tensor).shape;
    return {
      value: tf.gather(input as tf.Tensor2D, tf.tensor1d(index, 'int32'), 1),
      gradFunc: (dy: tf.Tensor) => {
        const places = tf.tensor2d(index, [index.length, 1], 'int32');
        return tf.transpose(tf.scatterND(places, tf.transpose(dy), [size, rows]));
      },
    };
  });
  return op(x) as tf.Tensor2D;
}
