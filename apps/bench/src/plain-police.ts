import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, Sequential } from '@tensorflow/tfjs-layers';

/**
 * The paper's Algorithm 1 as it stands there, in TensorFlow.js: the vertices `[P, D]` go through the network beside the data,
 * and before each nonlinearity every unit's bias moves so that all vertices lie on the side where most of them are (a tie: +1). For
 * a Sequential of Dense and LeakyReLU layers that ends in a Dense one.
 */
export function plainForward(model: Sequential, x: tf.Tensor2D, vertices: tf.Tensor2D): tf.Tensor2D {
  let data = x;
  let region = vertices;
  for (const layer of model.layers) {
    const { kernel, bias, alpha } = layer as unknown as {
      kernel?: LayerVariable;
      bias?: LayerVariable;
      alpha?: number;
    };
    if (kernel && bias) {
      const affine = (rows: tf.Tensor2D) =>
        tf.add(tf.matMul(rows, kernel.read() as tf.Tensor2D), bias.read()) as tf.Tensor2D;
      data = affine(data);
      region = affine(region);
    } else if (alpha !== undefined) {
      const side = tf.sub(tf.mul(2, tf.cast(tf.greaterEqual(tf.sum(tf.sign(region), 0), 0), 'float32')), 1);
      const short = tf.max(tf.relu(tf.neg(tf.mul(region, side))), 0);
      const shift = tf.mul(side, short);
      data = tf.leakyRelu(tf.add(data, shift), alpha) as tf.Tensor2D;
      region = tf.leakyRelu(tf.add(region, shift), alpha) as tf.Tensor2D;
    }
  }
  return data;
}
