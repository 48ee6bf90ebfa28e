import * as tf from '@tensorflow/tfjs-core';
import { chosenRows } from './chosen-rows.js';
import type { DeviceConstants } from './constants.js';
import type { DeviceBody } from './device-body.js';

/** Row `[1, d + 1]` of a 0 and then ones: what sums directions. */
const directionSum = (constants: DeviceConstants, rows: number): tf.Tensor2D =>
  constants.rows(`directions ${rows}`, 1, () => Float32Array.from({ length: rows }, (_, i) => Number(i > 0)));

const directionsOf = (h: tf.Tensor2D): tf.Tensor2D => tf.slice(h, [1, 0], [-1, -1]);

/** A symmetric body from its norm of directions `[d, units]` and a maximiser; a vote is the centre's, which is the origin. */
function symmetric(
  dual: (h: tf.Tensor2D) => tf.Tensor2D,
  maximiser: (g: tf.Tensor2D) => tf.Tensor2D,
): DeviceBody {
  return {
    reach: h => {
      const radius = h.shape[0] === 1 ? tf.zerosLike(h) : dual(h);
      return { down: radius, up: radius };
    },
    // The coordinates of an extreme are (1, side · maximiser).
    extremes: (h, side, pull) => {
      if (h.shape[0] === 1) return tf.mul(side, pull);
      return tf.mul(tf.concat([side, maximiser(directionsOf(h))]), pull);
    },
    vote: (_, t) => t,
  };
}

/** Of a box or zonotope: Σ|g|, attained at sign(g). */
export const cubeOnDevice = (constants: DeviceConstants): DeviceBody =>
  symmetric(
    h => tf.matMul(directionSum(constants, h.shape[0]), tf.abs(h)),
    g => tf.sign(g),
  );

/** Of a ball or ellipsoid: √Σg², attained at g over it. Measured in the largest |g|, so that squares neither overflow nor vanish. */
export const discOnDevice = (constants: DeviceConstants): DeviceBody => {
  const measured = (g: tf.Tensor2D) => {
    const largest = tf.max(tf.abs(g), 0, true) as tf.Tensor2D;
    // What is 0 is 0 in any unit.
    const unit = tf.where(
      tf.equal(largest, constants.filled([], 0)),
      constants.filled([1, g.shape[1]], 1),
      largest,
    ) as tf.Tensor2D;
    const scaled = tf.div(g, unit) as tf.Tensor2D;
    return { unit, scaled, length: tf.sqrt(tf.sum(tf.square(scaled), 0, true)) as tf.Tensor2D };
  };
  return symmetric(
    h => {
      const { unit, length } = measured(directionsOf(h));
      return tf.mul(unit, length);
    },
    g => {
      const { scaled, length } = measured(g);
      // A column of zeros has length 0, any other at least 1.
      return tf.div(scaled, tf.maximum(length, constants.filled([], 1)));
    },
  );
};

/** Of a cross-polytope: max|g|, attained at the first axis of those tied. */
export const octahedronOnDevice = (constants: DeviceConstants): DeviceBody =>
  symmetric(
    h => tf.max(tf.abs(directionsOf(h)), 0, true),
    g => tf.mul(chosenRows(tf.abs(g), constants), tf.sign(g)),
  );
