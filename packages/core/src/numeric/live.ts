/**
 * Which columns of a block of rows may hold anything but 0: `[from, to)` one pair after the other, rising and apart. A pixel reaches few units
 * of the first convolutions, so that a block of directions is 0 nearly everywhere.
 */
export type Live = Int32Array;

/** Columns of zeros that a range takes along rather than end: a range more costs as much. */
const GAP = 8;

/** The ranges of the columns marked. */
export function rangesOf(isLive: Uint8Array): Live {
  const ranges: number[] = [];
  for (let j = 0; j < isLive.length; j++) {
    if (!isLive[j]) continue;
    const last = ranges.length - 1;
    if (last > 0 && j - ranges[last] < GAP) ranges[last] = j + 1;
    else ranges.push(j, j + 1);
  }
  return Int32Array.from(ranges);
}

/** Of rows of which nobody knows better. */
export const allColumns = (cols: number): Live => Int32Array.of(0, cols);

/** Visits the ranges. */
export function forRanges(ranges: Live, visit: (from: number, to: number) => void): void {
  for (let r = 0; r < ranges.length; r += 2) visit(ranges[r], ranges[r + 1]);
}

/** Marks the columns of ranges. */
export function markRanges(ranges: Live, isLive: Uint8Array): void {
  forRanges(ranges, (from, to) => isLive.fill(1, from, to));
}

/** All columns that any of them has. */
export function unitedRanges(all: readonly Live[], cols: number): Live {
  const isLive = new Uint8Array(cols);
  for (const ranges of all) markRanges(ranges, isLive);
  return rangesOf(isLive);
}

/** How many columns are in ranges. */
export const columnsIn = (live: Live): number =>
  live.reduce((sum, end, r) => sum + (r % 2 === 0 ? -end : end), 0);
