import type { FramePropagator } from '../frames/propagator.js';
import type { Activation } from '../network/activation.js';
import { rowOf } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { type ForbiddenIntervals, forbiddenIntervals } from '../rule/shift.js';
import { spareIntervals } from '../rule/spared.js';
import type { LeadError } from '../rule/winners.js';
import { type BoundedFrame, EXACT, ROUND_UP, RUNTIME, rangeOfFrame, reachOfFrame } from './bounded-frame.js';

/** Extra roundings of a range: for l2 a scaling, squares and a root; for vertices a product and a sum. */
export const RANGE_TERMS = 8;

/** Error `[size]` of the frame values. */
export function exactError({ errors }: BoundedFrame): Float64Array {
  return rowOf(errors, EXACT);
}

/**
 * How far from its kinks a unit is to stay: clear in exact arithmetic, or by a float32 runtime's error besides, where that costs
 * little or always.
 */
export type Clearance = 'exact' | 'float32' | 'float32-always';

/** What is asked of a unit's distance from its kinks: `safety` times the error of its range and the clearance. */
export interface MarginDemand {
  readonly safety: number;
  readonly clearance: Clearance;
}

/** What a proof needs. */
export const PROOF: MarginDemand = { safety: 1, clearance: 'exact' };

/**
 * The largest share of its reach that a unit gives up to stay clear of a runtime's error. Where the bound on that is coarser, keeping clear
 * would do more harm than good.
 */
const LARGEST_CLEARANCE = 2 ** -8;

/** A runtime's error `[size]` as far as a unit keeps clear of it. */
function runtimeError(
  { errors }: BoundedFrame,
  reach: Float64Array,
  { safety, clearance }: MarginDemand,
): Float64Array {
  const factor = clearance === 'exact' ? 0 : safety;
  const share = clearance === 'float32-always' ? Number.POSITIVE_INFINITY : LARGEST_CLEARANCE;
  const runtime = rowOf(errors, RUNTIME).slice();
  for (let j = 0; j < runtime.length; j++)
    runtime[j] = runtime[j] <= share * reach[j] || runtime[j] === 0 ? factor * runtime[j] : 0;
  return runtime;
}

/** The forbidden intervals with the tails and what is demanded as margin; of units `spared` `[units]` on a region nothing is. */
export function boundedIntervals(
  activation: Activation,
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
  demand: MarginDemand,
  spared?: readonly (Int8Array | undefined)[],
): ForbiddenIntervals {
  const ranges = propagators.map((propagator, r) => rangeOfFrame(propagator, frames[r]));
  const margins = propagators.map((propagator, r) => {
    const reach = reachOfFrame(propagator, frames[r]);
    const terms = propagator.region.frame.rows + RANGE_TERMS;
    const { approximationError } = frames[r];
    const { safety } = demand;
    const runtime = runtimeError(frames[r], reach, demand);
    const margin = exactError(frames[r]).slice();
    for (let j = 0; j < margin.length; j++) {
      const range = margin[j] + sumErrorBound(terms, reach[j]);
      margin[j] = (approximationError[j] + safety * range + runtime[j]) * ROUND_UP;
    }
    return margin;
  });
  const intervals = forbiddenIntervals(ranges, activation, margins);
  if (spared) spareIntervals(intervals, spared);
  return intervals;
}

/** How much a rival's lead over a winner may be understated: their tails and what is demanded. */
export function boundedLeads(
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
  demand: MarginDemand,
): LeadError {
  const reaches = propagators.map((propagator, r) => reachOfFrame(propagator, frames[r]));
  const errors = frames.map(exactError);
  const runtimes = frames.map((frame, r) => runtimeError(frame, reaches[r], demand));
  return (r, rival, winner) => {
    const terms = propagators[r].region.frame.rows + RANGE_TERMS + 1;
    const range = sumErrorBound(terms, reaches[r][rival] + reaches[r][winner]);
    const { approximationError } = frames[r];
    const error = errors[r][rival] + errors[r][winner] + range;
    const runtime = runtimes[r][rival] + runtimes[r][winner];
    const approximation = approximationError[rival] + approximationError[winner];
    return (approximation + demand.safety * error + runtime) * ROUND_UP;
  };
}

/** The least clearance of any constraint: at least 0 when every unit is off every kink. */
export function smallestMargin({ below, above }: ForbiddenIntervals): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < below.length; i++) least = Math.min(least, Math.max(below[i], -above[i]));
  return least;
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
