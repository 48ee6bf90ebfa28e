import { PoliceError, type PrescribedMap } from '@police/core';
import { assertMapFits, assertSize, prescribedFrame } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { sizeOf } from './graph/node.js';
import { policedLayerOf } from './layer/policed-model.js';

/**
 * The paper's barrier (Eqs. 1 and 2), to be added to a loss: how far the maps on the regions are from those wanted, core's
 * `mapPenalty` on the gradient tape: Σ ‖(A_R − A) directionᵢ‖² for a Jacobian alone, and ‖f(origin) − (A origin + b)‖²
 * besides for a whole map. One entry per region, undefined for a region left free. Where the map is to be exact, use the
 * option `target`. The map is that before a final softmax or sigmoid, on whole regions whatever the `schedule`, and the frames pass
 * for it anew; batch normalisation enters with its moving statistics.
 *
 * Throws `shape` or `not-finite` for maps that do not fit, `invalid-option` for a model with a `target`.
 *
 * @example
 * optimizer.minimize(() => tf.add(loss(policed.apply(x, { training: true })), tf.mul(0.1, mapPenalty(policed, [{ A }]))));
 */
export function mapPenalty(
  policed: tfl.LayersModel,
  wanted: readonly (PrescribedMap | undefined)[],
): tf.Scalar {
  const layer = policedLayerOf(policed);
  const { regions, target } = layer.settings;
  if (target?.some(each => each !== undefined)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'mapPenalty',
      expected: 'a model without a target',
      actual: 'one with it',
    });
  }
  assertSize(wanted.length, regions.length, 'mapPenalty', 'prescribed maps, one per region,');
  if (regions.length === 0) return tf.scalar(0);
  const outSize = sizeOf(layer.graph.nodes.at(-1)!.shape);
  const rows = regions.reduce((sum, { frame }) => sum + frame.rows, 0);
  const goals = new Float32Array(rows * outSize);
  const mask = new Float32Array(rows);
  let start = 0;
  regions.forEach((region, r) => {
    const map = wanted[r];
    if (map) {
      assertMapFits(map, outSize, region.size, `prescribed map ${r}`);
      goals.set(prescribedFrame(region, map).data, start * outSize);
      mask.fill(1, start + (map.b ? 0 : 1), start + region.frame.rows);
    }
    start += region.frame.rows;
  });
  return tf.tidy(() => {
    const outputs = tf.reshape(layer.outputFrames(), [rows, outSize]);
    const misses = tf.sub(outputs, tf.tensor2d(goals, [rows, outSize]));
    return tf.sum(tf.square(tf.mul(misses, tf.tensor2d(mask, [rows, 1])))) as tf.Scalar;
  });
}
