import * as tf from '@tensorflow/tfjs-core';
import { gridOf } from '../training/targets.js';

/** The points of a picture, `[2, side²]`, on the device and here. */
export interface Grid {
  readonly side: number;
  readonly tensor: tf.Tensor2D;
  readonly points: Float32Array;
}

export function gridOnDevice(side: number): Grid {
  const rows = gridOf(side);
  const n = side * side;
  const points = Float32Array.from({ length: 2 * n }, (_, i) => rows[2 * (i % n) + Math.floor(i / n)]);
  return { side, points, tensor: tf.tensor2d(points, [2, n]) };
}
