import { type Matrix, matrix, rowOf } from '../matrix.js';
import type { Body } from './region.js';

/**
 * Extremes over a simplex, whose vertices are the points of its frame: one pass over the rows, no product. `coordinates`
 * `[d + 1, d]` tells which vertex is which point.
 *
 * A vertex's value is the origin's plus its direction's; as rounding is monotone, the sum of the extremes is the extreme
 * of the sums.
 */
export function simplexExtremes(
  coordinates: Matrix,
): Pick<Required<Body>, 'range' | 'extremes' | 'extremeRows' | 'reach' | 'votes'> {
  const rowOfVertex = Array.from(
    { length: coordinates.rows },
    (_, p) => rowOf(coordinates, p).indexOf(1) + 1,
  );

  const extremeRows = (h: Matrix, side: ArrayLike<number>): Int32Array => {
    const { cols, data } = h;
    const sides = Float64Array.from(side);
    const best = new Float64Array(cols).fill(Number.NEGATIVE_INFINITY);
    const at = new Int32Array(cols).fill(-1);
    for (const row of rowOfVertex) {
      const start = row * cols;
      for (let j = 0; j < cols; j++) {
        const value = row === 0 ? 0 : sides[j] * data[start + j];
        if (value <= best[j]) continue;
        best[j] = value;
        at[j] = row;
      }
    }
    for (let j = 0; j < cols; j++) if (sides[j] === 0) at[j] = -1;
    return at;
  };

  return {
    extremeRows,
    range: ({ rows, cols, data }) => {
      const lo = new Float64Array(cols);
      const hi = new Float64Array(cols);
      for (let start = cols; start < rows * cols; start += cols) {
        for (let j = 0; j < cols; j++) {
          const value = data[start + j];
          if (value < lo[j]) lo[j] = value;
          else if (value > hi[j]) hi[j] = value;
        }
      }
      for (let j = 0; j < cols; j++) {
        lo[j] += data[j];
        hi[j] += data[j];
      }
      return { lo, hi };
    },
    extremes: (h, side) => {
      const at = matrix(h.rows, h.cols);
      extremeRows(h, side).forEach((row, j) => {
        if (row >= 0) at.data[j] = 1;
        if (row > 0) at.data[row * h.cols + j] = 1;
      });
      return at;
    },
    reach: h => {
      const spread = new Float64Array(h.cols);
      for (let i = 1; i < h.rows; i++) {
        const direction = rowOf(h, i);
        for (let j = 0; j < h.cols; j++) spread[j] = Math.max(spread[j], Math.abs(direction[j]));
      }
      return rowOf(h, 0).map((x, j) => Math.abs(x) + spread[j]);
    },
    votes: ({ rows, cols, data }, threshold) => {
      const balance = Float64Array.from(data.subarray(0, cols), origin => Math.sign(origin - threshold));
      for (let start = cols; start < rows * cols; start += cols)
        for (let j = 0; j < cols; j++) balance[j] += Math.sign(data[j] + data[start + j] - threshold);
      return balance.map(votes => votes / rows);
    },
  };
}
