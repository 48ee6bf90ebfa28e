import { chooseShifts, type ForbiddenIntervals, type Shifts } from './shift.js';

/**
 * Shifts that the units of a group share, as a convolution's positions share their channel's bias: the intervals of
 * all members are one unit's intervals, and the same rule chooses. `groups` `[units]` numbers the groups from 0.
 */
export function chooseSharedShifts(
  intervals: ForbiddenIntervals,
  groups: Int32Array,
  wanted: (constraint: number, unit: number) => number,
): Shifts {
  const { units, count } = intervals;
  const members = membersOf(groups);
  const most = members.reduce((max, list) => Math.max(max, list.length), 0);
  const shared = chooseShifts(gatherIntervals(intervals, members, most), (constraint, group) => {
    const unit = members[group][constraint % most];
    return unit === undefined ? 1 : wanted(Math.floor(constraint / most), unit);
  });
  const shift = new Float64Array(units);
  const sides = new Int8Array(count * units);
  const active = new Int32Array(units).fill(-1);
  members.forEach((list, group) => {
    list.forEach((unit, m) => {
      shift[unit] = shared.shift[group];
      for (let k = 0; k < count; k++)
        sides[k * units + unit] = shared.sides[(k * most + m) * members.length + group];
    });
    const constraint = shared.active[group];
    if (constraint >= 0) active[list[constraint % most]] = Math.floor(constraint / most);
  });
  return { shift, sides, active, groups };
}

/** The sum over each unit's group, `[units]`. */
export function groupSums(values: ArrayLike<number>, groups: Int32Array): Float64Array {
  const sums = new Float64Array(groups.reduce((max, group) => Math.max(max, group), -1) + 1);
  for (let j = 0; j < groups.length; j++) sums[groups[j]] += values[j];
  return Float64Array.from(groups, group => sums[group]);
}

/** The units of each group. */
export function membersOf(groups: Int32Array): number[][] {
  const members: number[][] = [];
  groups.forEach((group, unit) => {
    members[group] ??= [];
    members[group].push(unit);
  });
  return members;
}

/** Groups as units, with all intervals of their members. */
export function sharedIntervals(intervals: ForbiddenIntervals, groups: Int32Array): ForbiddenIntervals {
  const members = membersOf(groups);
  return gatherIntervals(
    intervals,
    members,
    members.reduce((max, list) => Math.max(max, list.length), 0),
  );
}

/** Groups as units with constraint `k · most + m` for member m's k-th; a missing member's interval is empty. */
function gatherIntervals(
  { units, count, below, above }: ForbiddenIntervals,
  members: readonly (readonly number[])[],
  most: number,
): ForbiddenIntervals {
  const groups = members.length;
  const gathered = {
    units: groups,
    count: count * most,
    below: new Float64Array(count * most * groups),
    above: new Float64Array(count * most * groups),
  };
  members.forEach((list, group) => {
    list.forEach((unit, m) => {
      for (let k = 0; k < count; k++) {
        const at = (k * most + m) * groups + group;
        gathered.below[at] = below[k * units + unit];
        gathered.above[at] = above[k * units + unit];
      }
    });
  });
  return gathered;
}
