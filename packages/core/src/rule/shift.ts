import { PoliceError } from '../errors.js';
import type { Activation, Kink } from '../network/activation.js';
import type { Range } from '../regions/region.js';

/**
 * The forbidden intervals of one layer's bias shifts. A *constraint* is a (region, kink) pair; on it, a unit
 * with range [lo, hi] and kink [a, z] must not be shifted by any c in the open interval (below, above):
 *
 *   below = a − hi − margin   the largest shift that keeps the unit under its kink all over the region
 *   above = z − lo + margin   the smallest shift that keeps it over the kink
 *
 * Any c outside every constraint's interval makes the unit affine on every region.
 */
export interface ForbiddenIntervals {
  readonly units: number;
  /** regions × kinks; constraint `region · kinks + kink`. */
  readonly count: number;
  /** `[count, units]`. */
  readonly below: Float64Array;
  /** `[count, units]`. */
  readonly above: Float64Array;
}

/** Collects the intervals of all regions' ranges and all kinks; `margins` `[units]` per region default to 0. */
export function forbiddenIntervals(
  ranges: readonly Range[],
  { kinks }: Activation,
  margins?: readonly Float64Array[],
): ForbiddenIntervals {
  const intervals = noIntervals(ranges.length * kinks.length, ranges[0]?.lo.length ?? 0);
  writeIntervals(intervals, ranges, kinks, margins);
  return intervals;
}

/** Room for {@link writeIntervals}. */
export const noIntervals = (count: number, units: number): ForbiddenIntervals => ({
  units,
  count,
  below: new Float64Array(count * units),
  above: new Float64Array(count * units),
});

/** {@link forbiddenIntervals} in place. */
export function writeIntervals(
  { units, below, above }: ForbiddenIntervals,
  ranges: readonly Range[],
  kinks: readonly Kink[],
  margins?: readonly Float64Array[],
): void {
  for (let r = 0; r < ranges.length; r++) {
    const { lo, hi } = ranges[r];
    for (let k = 0; k < kinks.length; k++) {
      const start = (r * kinks.length + k) * units;
      for (let j = 0; j < units; j++) {
        const margin = margins ? margins[r][j] : 0;
        below[start + j] = kinks[k].lo - hi[j] - margin;
        above[start + j] = kinks[k].hi - lo[j] + margin;
      }
    }
  }
}

/** The shifts of one layer and why they are what they are. */
export interface Shifts {
  /** c `[units]`, to be added to the pre-activations. */
  readonly shift: Float64Array;
  /** Side of each constraint after the shift, `[count, units]`: +1 above its kink, −1 below. */
  readonly sides: Int8Array;
  /**
   * Constraint whose interval's end the shift is, `[units]`; −1 where the unit was not shifted, or where another
   * unit of its group determines the shift.
   */
  readonly active: Int32Array;
  /** Group of each unit, `[units]`, where units share shifts. */
  readonly groups?: Int32Array;
  /**
   * The vertex of a simplex that determines the shift, as row `[units]` of its frame (see {@link Range}); −1 where
   * `active` is −1 or of a region of another kind.
   */
  readonly rows?: Int32Array;
}

/** The shifts of a layer that nothing constrains. */
export function noShifts(units: number): Shifts {
  return { shift: new Float64Array(units), sides: new Int8Array(0), active: new Int32Array(units).fill(-1) };
}

/**
 * Chooses every unit's shift. `wanted(constraint, unit)` names the side wanted of a straddling unit, 0 for no
 * wish. Units that straddle nothing get exactly 0.
 */
export function chooseShifts(
  intervals: ForbiddenIntervals,
  wanted: (constraint: number, unit: number) => number,
): Shifts {
  const { units, count } = intervals;
  const shifts = { ...noShifts(units), sides: new Int8Array(count * units) };
  writeShifts(shifts, intervals, wanted);
  return shifts;
}

/** {@link chooseShifts} in place: overwrites all of the shifts but groups. A unit's sides are asked for before they are written. */
export function writeShifts(
  { shift, active, sides }: Shifts,
  intervals: ForbiddenIntervals,
  wanted: (constraint: number, unit: number) => number,
): void {
  const { units, count, below, above } = intervals;
  for (let j = 0; j < units; j++) {
    const kept = wantedShift(intervals, j, wanted);
    const c = Number.isFinite(kept) ? kept : nearestFreeShift(intervals, j);
    shift[j] = c;
    active[j] = -1;
    for (let k = count - 1, at = k * units + j; k >= 0; k--, at -= units) {
      sides[at] = c >= above[at] ? 1 : -1;
      if (c !== 0 && c === (c > 0 ? above[at] : below[at])) active[j] = k;
    }
  }
}

/**
 * The shift nearest 0 that puts every constraint on its wanted side; NaN where there is none, infinite where it would be a side
 * that is not there, below −∞.
 */
function wantedShift(
  { units, count, below, above }: ForbiddenIntervals,
  unit: number,
  wanted: (constraint: number, unit: number) => number,
): number {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let k = 0, at = unit; k < count; k++, at += units) {
    const side = above[at] <= 0 ? 1 : below[at] >= 0 ? -1 : wanted(k, unit);
    if (side === 0) return Number.NaN;
    if (side > 0) least = Math.max(least, above[at]);
    else most = Math.min(most, below[at]);
  }
  if (least > most) return Number.NaN;
  return least > 0 ? least : most < 0 ? most : 0;
}

/** The candidates of a float64 bias; `freeze` narrows them to representable ones. */
const exactCandidate = (shift: number): number => shift;

/**
 * The free shift nearest 0; of two equally near, the positive one. `snap(c, direction)` may move an interval's end
 * outward (direction −1 or +1) to a representable value.
 */
export function nearestFreeShift(
  intervals: ForbiddenIntervals,
  unit: number,
  snap: (shift: number, direction: 1 | -1) => number = exactCandidate,
): number {
  const up = firstFreeShift(intervals, unit, 1, snap);
  const down = up === 0 ? 0 : firstFreeShift(intervals, unit, -1, snap);
  const best = up <= -down || !Number.isFinite(down) ? up : down;
  if (Number.isFinite(best)) return best;
  throw new PoliceError({
    code: 'no-free-shift',
    where: `unit ${unit}`,
    expected: 'a finite bias that keeps the unit off its kinks',
    actual: 'none',
    remedy: 'Weights this large leave no representable bias; scale them down or freeze to float64.',
  });
}

/** The first free shift from 0 in one direction: leave every interval that holds it, until none does. */
function firstFreeShift(
  { units, count, below, above }: ForbiddenIntervals,
  unit: number,
  direction: 1 | -1,
  snap: (shift: number, direction: 1 | -1) => number,
): number {
  let c = 0;
  // An interval once left is never entered again, so this ends.
  for (let moved = true; moved; ) {
    moved = false;
    for (let k = 0, at = unit; k < count; k++, at += units) {
      if (c <= below[at] || c >= above[at]) continue;
      const next = snap(direction > 0 ? above[at] : below[at], direction);
      // NaN, or a candidate rounded back: there is no way out in this direction.
      if (!(direction * (next - c) > 0)) return Number.NaN;
      c = next;
      moved = true;
    }
  }
  return c;
}
