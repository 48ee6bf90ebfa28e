import { type Matrix, PoliceError, type Region } from '@police/core';
import { firstNonFinite } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { withPrecision } from '../ops/half-precision.js';
import { peek } from '../ops/peek.js';
import type { Frames } from './frames.js';

/** Values in float64, one block `[dᵣ + 1, units]` per region. */
export const downloadFrames = (frames: Frames, regions: readonly Region[]): Matrix[] =>
  blocksOf(peek(frames), regions).map(block => ({ ...block, data: new Float64Array(block.data) }));

/**
 * As `downloadFrames`, with the bias `[units]` on the origins. Throws `not-finite`,
 * naming the layer, when the weights overflow on a region.
 */
export function preActivations(
  frames: Frames,
  regions: readonly Region[],
  where: string,
  bias?: (unit: number) => number,
): Matrix[] {
  const blocks = downloadFrames(frames, regions);
  blocks.forEach(({ data, cols }, r) => {
    if (bias) for (let j = 0; j < cols; j++) data[j] += bias(j);
    const bad = firstNonFinite(data);
    if (bad < 0) return;
    throw new PoliceError({
      code: 'not-finite',
      where,
      expected: 'finite pre-activations on the region',
      actual: `${data[bad]} at unit ${bad % cols} on region ${r}`,
      remedy: withPrecision(
        'The weights have grown too large: lower the learning rate, or scale the inputs.',
      ),
    });
  });
  return blocks;
}

/** Throws `not-finite`, naming the layer, for shifts or lifts that float32 cannot hold, though their ranges be finite. */
export function assertHeld(values: ArrayLike<number>, where: string): void {
  for (let j = 0; j < values.length; j++) {
    if (Number.isFinite(Math.fround(values[j]))) continue;
    throw new PoliceError({
      code: 'not-finite',
      where,
      expected: 'shifts that float32 can hold',
      actual: `${values[j]} at unit ${j}`,
      remedy: 'The weights are too large for the region: scale the inputs, or lower the learning rate.',
    });
  }
}

/** The regions' parts of the frames' values, one block `[dᵣ + 1, units]` per region, in place. */
export function blocksOf(
  values: Float32Array,
  regions: readonly Region[],
): { rows: number; cols: number; data: Float32Array }[] {
  const units = values.length / regions.reduce((sum, { frame }) => sum + frame.rows, 0);
  let next = 0;
  return regions.map(({ frame: { rows } }) => {
    const start = next;
    next += rows * units;
    return { rows, cols: units, data: values.subarray(start, next) };
  });
}

/** One block per region, as the frames' values in one array. */
export function joined(blocks: readonly Matrix[]): Float32Array {
  const values = new Float32Array(blocks.reduce((sum, { data }) => sum + data.length, 0));
  let next = 0;
  for (const { data } of blocks) {
    values.set(data, next);
    next += data.length;
  }
  return values;
}

/**
 * The identity that throws `not-finite` when a loss gradient with NaN or infinity in it comes back, before any weight
 * is touched. A shift alone would miss it: behind a flat piece of the nonlinearity its gradient is 0.
 */
export function withFiniteGradient(y: tf.Tensor, where: string): tf.Tensor {
  const op = tf.customGrad(input => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => {
      assertFiniteGradient(peek(dy), dy.shape.at(-1)!, where);
      return tf.clone(dy);
    },
  }));
  return op(y);
}

/** `dy` `[rows, units]`, flat. */
export function assertFiniteGradient(dy: ArrayLike<number>, units: number, where: string): void {
  const bad = firstNonFinite(dy);
  if (bad < 0) return;
  throw new PoliceError({
    code: 'not-finite',
    where,
    expected: 'a finite loss gradient',
    actual: `${dy[bad]} at unit ${bad % units}`,
    remedy: withPrecision(
      'Look for NaN in the training data or a diverging loss; the weights are as before this step.',
    ),
  });
}
