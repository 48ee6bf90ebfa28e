import { columnsIn, type Live } from './live.js';
import { type Matrix, room } from './matrix.js';
import { copyRange } from './spans.js';

/** A block of rows as it is kept: of each its live columns alone, one next to the other. */
export interface Packed {
  readonly rows: number;
  readonly cols: number;
  readonly live?: Live;
  readonly data: Float64Array;
}

/** A copy that nothing else writes to. */
export function packed({ rows, cols, live, data }: Matrix): Packed {
  if (!live) return { rows, cols, data: data.slice(0, rows * cols) };
  const kept = new Float64Array(rows * columnsIn(live));
  forRanges(rows, cols, live, (start, length, at) => copyRange(data, start, length, kept, at));
  return { rows, cols, live, data: kept };
}

/** The block; what has no ranges is not copied. */
export function unpacked({ rows, cols, live, data }: Packed): Matrix {
  if (!live) return { rows, cols, data };
  const block = { ...room(rows, cols), live };
  forRanges(rows, cols, live, (start, length, at) => copyRange(data, at, length, block.data, start));
  return block;
}

/** Visits the ranges row by row: where each begins in the block, how long it is, and where it begins in what is kept. */
function forRanges(
  rows: number,
  cols: number,
  live: Live,
  visit: (start: number, length: number, at: number) => void,
): void {
  let at = 0;
  for (let start = 0; start < rows * cols; start += cols) {
    for (let r = 0; r < live.length; r += 2) {
      const length = live[r + 1] - live[r];
      visit(start + live[r], length, at);
      at += length;
    }
  }
}
