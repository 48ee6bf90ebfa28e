import { assertSize } from '../errors.js';
import type { Activation } from '../network/activation.js';
import { type Block, type Matrix, matrix } from '../numeric/matrix.js';
import type { FrameReader, Range, Region } from '../regions/region.js';
import { type Policy, sideWish } from './policy.js';
import { chooseSharedShifts, groupSums } from './shared-shift.js';
import { chooseShifts, forbiddenIntervals, type Shifts } from './shift.js';
import { spareIntervals } from './spared.js';

/**
 * The one step every adapter takes before a nonlinearity: frame values of the pre-activations, one block
 * `[dᵣ + 1, units]` per region, to shifts `[units]` (paper, Algorithm 1 lines 5–8, generalised). Units of one group
 * get one shift. `margins` `[units]` per region, by default none, keep ranges that far from the kinks besides. Of units `spared`
 * `[units]` on a region nothing is asked there.
 */
export function shiftsOf(
  regions: readonly FrameReader[],
  frames: readonly Matrix[],
  activation: Activation,
  policy: Policy,
  previous?: ArrayLike<number>,
  groups?: Int32Array,
  margins?: readonly Float64Array[],
  spared?: readonly (Int8Array | undefined)[],
): Shifts {
  const ranges = regions.map((region, r) => region.range(frames[r]));
  const intervals = forbiddenIntervals(ranges, activation, margins);
  if (spared) spareIntervals(intervals, spared);
  if (policy === 'sticky' && previous) {
    assertSize(
      previous.length,
      intervals.count * intervals.units,
      'sides',
      'sides of the same regions and units',
    );
  }
  const wish = sideWish(policy, regions, frames, ranges, activation, previous);
  const shifts = groups ? chooseSharedShifts(intervals, groups, wish) : chooseShifts(intervals, wish);
  return { ...shifts, rows: determiningRows(shifts, ranges, activation.kinks.length) };
}

/** See {@link Shifts}. A positive shift lifts the minimum over the kink, a negative one lowers the maximum under it. */
function determiningRows({ shift, active }: Shifts, ranges: readonly Range[], kinkCount: number): Int32Array {
  return active.map((constraint, j) => {
    const rows = constraint < 0 ? undefined : ranges[Math.floor(constraint / kinkCount)].rows;
    return rows ? (shift[j] > 0 ? rows.lo[j] : rows.hi[j]) : -1;
  });
}

/**
 * Gradient of the shifts: given dLoss/dc `[units]`, dLoss/dframe of every region, `[dᵣ + 1, units]`.
 *
 * A shifted unit has c = z − lo or a − hi of its active constraint, so dc/dh = −(coordinates of the point where
 * that extreme is attained); an unshifted unit has 0, and the vote has none.
 */
export function shiftGradient(
  regions: readonly Region[],
  frames: readonly Matrix[],
  { kinks }: Activation,
  shifts: Shifts,
  dShift: ArrayLike<number>,
): Matrix[] {
  const gradient = frames.map(({ rows, cols }) => matrix(rows, cols));
  addShiftGradient(gradient, regions, frames, kinks.length, shifts, dShift);
  return gradient;
}

/** Adds {@link shiftGradient} to blocks `[dᵣ + 1, units]`, one per region. */
export function addShiftGradient(
  into: readonly Block[],
  regions: readonly Region[],
  frames: readonly Matrix[],
  kinkCount: number,
  shifts: Shifts,
  dShift: ArrayLike<number>,
): void {
  const dc = Float64Array.from(shifts.groups ? groupSums(dShift, shifts.groups) : dShift, d => -d);
  regions.forEach((region, r) => {
    const { data, cols } = into[r];
    if (region.isSimplex && shifts.rows) {
      activeRows(r, kinkCount, shifts).forEach((row, j) => {
        if (row >= 0) data[j] += dc[j];
        if (row > 0) data[row * cols + j] += dc[j];
      });
      return;
    }
    region.addExtremes(into[r], frames[r], activeSides(r, kinkCount, shifts), dc);
  });
}

/** As `Shifts.rows`, of the units whose shift this region determines; −1 for the others. */
export function activeRows(region: number, kinkCount: number, { active, rows }: Shifts): Int32Array {
  return active.map((constraint, j) =>
    rows && constraint >= 0 && Math.floor(constraint / kinkCount) === region ? rows[j] : -1,
  );
}

/**
 * The extreme over a region that determines each unit's shift, `[units]`: +1 the largest, −1 the smallest value, 0 where
 * it is not this region. A positive shift lifts the minimum over the kink, a negative one lowers the maximum under it.
 */
function activeSides(region: number, kinkCount: number, { shift, active }: Shifts): Float64Array {
  return shift.map((c, j) =>
    active[j] >= 0 && Math.floor(active[j] / kinkCount) === region ? -Math.sign(c) : 0,
  );
}
