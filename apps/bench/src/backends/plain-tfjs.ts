import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, Sequential } from '@tensorflow/tfjs-layers';

/**
 * The paper's Algorithm 1 as it stands there, in TensorFlow.js: the vertices `[P, …]` go through the network beside the data,
 * and before each nonlinearity every unit's bias moves so that all vertices lie on the side where most of them are (a tie: +1). For
 * a Sequential of affine and LeakyReLU layers that ends in an affine one.
 */
export function plainForward(model: Sequential, x: tf.Tensor, vertices: tf.Tensor): tf.Tensor2D {
  let data = x;
  let region = vertices;
  for (const layer of model.layers) {
    const { kernel, bias, alpha } = layer as unknown as {
      kernel?: LayerVariable;
      bias?: LayerVariable;
      alpha?: number;
    };
    if (alpha !== undefined) {
      const side = tf.sub(tf.mul(2, tf.cast(tf.greaterEqual(tf.sum(tf.sign(region), 0), 0), 'float32')), 1);
      const short = tf.max(tf.relu(tf.neg(tf.mul(region, side))), 0);
      const shift = tf.mul(side, short);
      data = tf.leakyRelu(tf.add(data, shift), alpha);
      region = tf.leakyRelu(tf.add(region, shift), alpha);
    } else if (kernel && bias && kernel.shape.length === 2) {
      const affine = (rows: tf.Tensor) =>
        tf.add(tf.matMul(rows as tf.Tensor2D, kernel.read() as tf.Tensor2D), bias.read());
      data = affine(data);
      region = affine(region);
    } else {
      data = layer.apply(data) as tf.Tensor;
      region = layer.apply(region) as tf.Tensor;
    }
  }
  return data as tf.Tensor2D;
}
