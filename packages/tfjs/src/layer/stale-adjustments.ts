import * as tf from '@tensorflow/tfjs-core';
import type { Adjustment, FoundOnDevice } from '../frames/adjustment.js';
import { type KeptAdjustments, tensorsOf } from '../frames/kept-adjustments.js';

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
export function shiftsOnDevice(found: readonly FoundOnDevice[]): StaleAdjustments {
  const kept = found.map(({ place, c, sides }) => ({
    place,
    c: tf.keep(tf.clone(c)),
    sides: tf.keep(tf.clone(sides)),
  }));
  return {
    tensors: () => new Map(kept.map(({ place, c }): [number, Adjustment] => [place, { kind: 'shift', c }])),
    numbers: () =>
      new Map(
        kept.map(({ place, c, sides }) => [
          place,
          {
            kind: 'shift' as const,
            c: Float32Array.from(c.dataSync()),
            shape: c.shape,
            sides: Int8Array.from(sides.dataSync()),
          },
        ]),
      ),
    dispose: () => tf.dispose(kept.flatMap(({ c, sides }) => [c, sides])),
  };
}
