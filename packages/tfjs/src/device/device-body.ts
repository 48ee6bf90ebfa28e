import type * as tf from '@tensorflow/tfjs-core';

/**
 * Core's `Body` as operations on the device, for frame values h `[d + 1, units]` of one region, without a bias. What is asked of a functional is
 * how far it goes from its value at the frame's origin, so that the bias, and the origin's rounding, stay out of it.
 */
export interface DeviceBody {
  /** h₀ − min and max − h₀ over the region, `[1, units]` each, from 0 up where the origin lies in the region. */
  reach(h: tf.Tensor2D): { readonly down: tf.Tensor2D; readonly up: tf.Tensor2D };
  /**
   * dLoss/dh `[d + 1, units]` of extremes: `side` times `pull` times the frame coordinates of the point where the extreme of that `side` is attained (+1 the
   * largest, −1 the smallest value, 0 neither, and then the pull is 0), with core's rule for ties. `[1, units]` each.
   */
  extremes(h: tf.Tensor2D, side: tf.Tensor2D, pull: tf.Tensor2D): tf.Tensor2D;
  /** Which side the majority is on of what lies t `[kinks, units]` above its kinks at the origin: from 0 up, or below. */
  vote(h: tf.Tensor2D, t: tf.Tensor2D): tf.Tensor2D;
}
