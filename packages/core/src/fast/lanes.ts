import type { Matrix } from '../numeric/matrix.js';
import { LANES } from './kernel.js';

/**
 * Writes rows `first` to `first + LANES` of x side by side to `into` `[cols, LANES]`, zeros where x has no such row or its columns are not
 * live, and marks in `isMet` `[plane]` every position of a channel at which any of them is not zero.
 */
export function intoLanes(x: Matrix, first: number, into: Float64Array, isMet: Uint8Array): void {
  const { cols, live = Int32Array.of(0, cols) } = x;
  const [a, b, c, d] = Array.from({ length: LANES }, (_, lane) =>
    first + lane < x.rows
      ? x.data.subarray((first + lane) * cols, (first + lane + 1) * cols)
      : new Float64Array(cols),
  );
  const plane = isMet.length;
  isMet.fill(0);
  if (x.live) into.fill(0);
  for (let r = 0; r < live.length; r += 2) {
    let p = live[r] % plane;
    for (let j = live[r]; j < live[r + 1]; j++) {
      const at = LANES * j;
      into[at] = a[j];
      into[at + 1] = b[j];
      into[at + 2] = c[j];
      into[at + 3] = d[j];
      // No value is so small that its size is lost in a sum of sizes.
      const size = Math.abs(a[j]) + Math.abs(b[j]) + Math.abs(c[j]) + Math.abs(d[j]);
      isMet[p] |= Number(size !== 0);
      if (++p === plane) p = 0;
    }
  }
}

/** Copies some positions of every channel from `from` `[channels · plane, LANES]` to rows `first` to `first + LANES` of y, as far as there are. */
export function outOfLanes(
  from: Float64Array,
  y: Matrix,
  first: number,
  plane: number,
  positions: Int32Array,
): void {
  const count = Math.min(LANES, y.rows - first);
  for (let lane = 0; lane < count; lane++) {
    const to = (first + lane) * y.cols;
    for (let start = 0; start < y.cols; start += plane) {
      for (let i = 0; i < positions.length; i++) {
        const j = start + positions[i];
        y.data[to + j] = from[j * LANES + lane];
      }
    }
  }
}
