import * as tf from '@tensorflow/tfjs-core';
import { affine } from '../ops/affine-op.js';

// tfjs's own resizing has wrong gradients on the cpu backend: of nearest neighbours for all images but the first, of
// bilinear interpolation for images that are not square.

/** Every pixel of x `[n, h, w, channels]` repeated, `[n, h · down, w · across, channels]`. */
export function repeated(x: tf.Tensor, [down, across]: readonly number[]): tf.Tensor {
  const [n, h, w, channels] = x.shape;
  const rows = tf.mul(tf.reshape(x, [n * h, 1, w * channels]), tf.ones([1, down, 1]));
  const pixels = tf.mul(tf.reshape(rows, [n * h * down * w, 1, channels]), tf.ones([1, across, 1]));
  return tf.reshape(pixels, [n, h * down, w * across, channels]);
}

/** x `[n, h, w, channels]` interpolated, `[n, h · down, w · across, channels]`: output o lies at o / factor. */
export function interpolated(x: tf.Tensor, [down, across]: readonly number[]): tf.Tensor {
  const tall = alongLast(tf.transpose(x, [0, 2, 3, 1]), down); // [n, w, channels, H]
  const wide = alongLast(tf.transpose(tall, [0, 3, 2, 1]), across); // [n, H, channels, W]
  return tf.transpose(wide, [0, 1, 3, 2]);
}

function alongLast(x: tf.Tensor, factor: number): tf.Tensor {
  const size = x.shape[x.rank - 1];
  const y = affine(tf.reshape(x, [-1, size]) as tf.Tensor2D, interpolation(size, factor));
  return tf.reshape(y, [...x.shape.slice(0, -1), size * factor]);
}

/** `[size, size · factor]`. */
function interpolation(size: number, factor: number): tf.Tensor2D {
  const outSize = size * factor;
  const weights = new Float32Array(size * outSize);
  for (let o = 0; o < outSize; o++) {
    const below = Math.floor(o / factor);
    const share = (o % factor) / factor;
    weights[below * outSize + o] += 1 - share;
    weights[Math.min(below + 1, size - 1) * outSize + o] += share;
  }
  return tf.tensor2d(weights, [size, outSize]);
}
