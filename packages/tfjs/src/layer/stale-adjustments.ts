import * as tf from '@tensorflow/tfjs-core';
import { type Adjustment, adjustmentOnDevice, type FoundOnDevice } from '../frames/adjustment.js';
import { type KeptAdjustment, type KeptAdjustments, tensorsOf } from '../frames/kept-adjustments.js';

/** What a step found, for steps that use it again. */
export interface StaleAdjustments {
  /** On the device, for one pass, by position. */
  tensors(): ReadonlyMap<number, Adjustment>;
  /** As numbers. */
  numbers(): KeptAdjustments;
  dispose(): void;
}

export const keptOnHost = (kept: KeptAdjustments): StaleAdjustments => ({
  tensors: () => tensorsOf(kept),
  numbers: () => kept,
  dispose: () => {},
});

/** They stay where they are until they are asked for as numbers. */
export function keptOnDevice(found: readonly FoundOnDevice[]): StaleAdjustments {
  const kept = found.map(({ c, sides, ...each }) => ({
    ...each,
    c: tf.keep(tf.clone(c)),
    sides: tf.keep(tf.clone(sides)),
  }));
  return {
    tensors: () => new Map(kept.map((each): [number, Adjustment] => [each.place, adjustmentOnDevice(each)])),
    numbers: () => new Map(kept.map(each => [each.place, read(each)])),
    dispose: () => tf.dispose(kept.flatMap(({ c, sides }) => [c, sides])),
  };
}

function read({ c, sides, windows }: FoundOnDevice): KeptAdjustment {
  const values = Float32Array.from(c.dataSync());
  const kept = sides.dataSync();
  return windows
    ? { kind: 'lift', winner: Int32Array.from(kept, w => w - 1), lift: values }
    : { kind: 'shift', c: values, shape: c.shape, sides: Int8Array.from(kept) };
}
