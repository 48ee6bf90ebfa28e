import * as tf from '@tensorflow/tfjs-core';
import { gridOf } from '../training/targets.js';
import { SIDE } from './snapshot.js';

/** The points of a picture, `[2, side²]`, on the device and here. */
export interface Grid {
  readonly side: number;
  readonly tensor: tf.Tensor2D;
  readonly points: Float32Array;
}

export function gridOnDevice(): Grid {
  const rows = gridOf(SIDE);
  const n = SIDE * SIDE;
  const points = Float32Array.from({ length: 2 * n }, (_, i) => rows[2 * (i % n) + Math.floor(i / n)]);
  return { side: SIDE, points, tensor: tf.tensor2d(points, [2, n]) };
}
