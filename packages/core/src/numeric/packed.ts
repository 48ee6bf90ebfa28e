import { columnsIn, type Live } from './live.js';
import { type Matrix, room } from './matrix.js';

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
  let at = 0;
  for (let start = 0; start < rows * cols; start += cols)
    for (let r = 0; r < live.length; r += 2)
      for (let j = live[r]; j < live[r + 1]; j++) kept[at++] = data[start + j];
  return { rows, cols, live, data: kept };
}

/** The block; what has no ranges is not copied. */
export function unpacked({ rows, cols, live, data: kept }: Packed): Matrix {
  if (!live) return { rows, cols, data: kept };
  const { data } = room(rows, cols);
  let at = 0;
  for (let start = 0; start < rows * cols; start += cols)
    for (let r = 0; r < live.length; r += 2)
      for (let j = live[r]; j < live[r + 1]; j++) data[start + j] = kept[at++];
  return { rows, cols, live, data };
}
