import { numpy as np } from '@jax-js/jax';
import type { Kink } from '@police/core/adapter';
import { scalar, type Tensor } from '../arrays.js';
import type { Extremes } from './body.js';

/**
 * The forbidden intervals of one layer, core's `ForbiddenIntervals` with a gradient: no shift may lie in an open (below, above), both
 * `[constraints, units]`.
 */
export interface Intervals {
  readonly below: Tensor;
  readonly above: Tensor;
}

/** Constraint `region · kinks + kink`. Uses up the extremes. */
export function intervalsOf(extremes: readonly Extremes[], kinks: readonly Kink[]): Intervals {
  const rows = extremes.flatMap(({ lo, hi }) =>
    kinks.map((kink, k) => {
      const isLast = k === kinks.length - 1;
      const [low, high] = isLast ? [lo, hi] : [lo.ref, hi.ref];
      return { below: minus(kink.lo, high), above: minus(kink.hi, low) };
    }),
  );
  return { below: stacked(rows.map(({ below }) => below)), above: stacked(rows.map(({ above }) => above)) };
}

const minus = (value: number, x: Tensor): Tensor => (value === 0 ? x.neg() : scalar(value, x.dtype).sub(x));

export const stacked = (rows: readonly Tensor[]): Tensor =>
  rows.length === 1 ? rows[0].reshape([1, -1]) : np.stack([...rows]);

/**
 * The intervals of channels whose positions share one shift: `[constraints · positions, channels]` of units that are channel by channel,
 * core's order.
 */
export const ofChannels = (x: Tensor, positions: number): Tensor => {
  const [count, units] = x.shape;
  const channels = units / positions;
  return x
    .reshape([count, channels, positions])
    .transpose([0, 2, 1])
    .reshape([count * positions, channels]);
};

/** Its inverse. */
export const ofUnits = (x: Tensor, positions: number): Tensor => {
  const [rows, channels] = x.shape;
  const count = rows / positions;
  return x
    .reshape([count, positions, channels])
    .transpose([0, 2, 1])
    .reshape([count, channels * positions]);
};
