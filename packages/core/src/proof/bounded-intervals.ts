import type { FramePropagator } from '../frames/propagator.js';
import type { Activation } from '../network/activation.js';
import { rowOf } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { type ForbiddenIntervals, forbiddenIntervals } from '../rule/shift.js';
import type { LeadError } from '../rule/winners.js';
import { type BoundedFrame, ROUND_UP } from './bounded-frame.js';

/** Extra roundings of a range: for l2 a scaling, squares and a root; for vertices a product and a sum. */
const RANGE_TERMS = 8;

/** Error `[size]` of the frame values. */
export function exactError({ errors }: BoundedFrame): Float64Array {
  return rowOf(errors, 0);
}

/** The forbidden intervals with the tails and `safety` times the error of the ranges as margin. */
export function boundedIntervals(
  activation: Activation,
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
  safety: number,
): ForbiddenIntervals {
  const ranges = propagators.map(({ reader }, r) => reader.range(frames[r].values));
  const margins = propagators.map(({ reader, region }, r) => {
    const reach = reader.reach(frames[r].values);
    const terms = region.frame.rows + RANGE_TERMS;
    const { approximationError } = frames[r];
    return exactError(frames[r]).map(
      (e, j) => (approximationError[j] + safety * (e + sumErrorBound(terms, reach[j]))) * ROUND_UP,
    );
  });
  return forbiddenIntervals(ranges, activation, margins);
}

/** How much a rival's lead over a winner may be understated: their tails and `safety` times the error. */
export function boundedLeads(
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
  safety: number,
): LeadError {
  const reaches = propagators.map(({ reader }, r) => reader.reach(frames[r].values));
  const errors = frames.map(exactError);
  return (r, rival, winner) => {
    const terms = propagators[r].region.frame.rows + RANGE_TERMS + 1;
    const range = sumErrorBound(terms, reaches[r][rival] + reaches[r][winner]);
    const { approximationError } = frames[r];
    const error = errors[r][rival] + errors[r][winner] + range;
    return (approximationError[rival] + approximationError[winner] + safety * error) * ROUND_UP;
  };
}

/** The least clearance of any constraint: at least 0 when every unit is off every kink. */
export function smallestMargin({ below, above }: ForbiddenIntervals): number {
  return below.reduce((least, b, i) => Math.min(least, Math.max(b, -above[i])), Number.POSITIVE_INFINITY);
}

/** Distance `[units]` of each range on region r from the nearest kink, the margins deducted. */
export function clearanceOn(
  r: number,
  { below, above, units }: ForbiddenIntervals,
  kinks: number,
): Float64Array {
  const clearance = new Float64Array(units).fill(Number.POSITIVE_INFINITY);
  for (let k = r * kinks; k < (r + 1) * kinks; k++) {
    for (let j = 0; j < units; j++) {
      const at = k * units + j;
      clearance[j] = Math.min(clearance[j], Math.max(below[at], -above[at]));
    }
  }
  return clearance;
}
