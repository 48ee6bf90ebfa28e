import { type Matrix, rowOf } from '../../numeric/matrix.js';
import type { Body, Range } from '../region.js';

/**
 * Extremes over a simplex, whose vertices are the points of its frame: one pass over the rows, no product. `coordinates`
 * `[d + 1, d]` tells which vertex is which point.
 *
 * A vertex's value is the origin's plus its direction's; as rounding is monotone, the sum of the extremes is the extreme
 * of the sums.
 */
export function simplexExtremes(
  coordinates: Matrix,
): Pick<Required<Body>, 'range' | 'addExtremes' | 'isSimplex' | 'reach' | 'votes'> {
  const rowOfVertex = Array.from(
    { length: coordinates.rows },
    (_, p) => rowOf(coordinates, p).indexOf(1) + 1,
  );
  const [first, ...others] = rowOfVertex;

  const range = (h: Matrix): Required<Range> => {
    const { cols, data } = h;
    const lo = first === 0 ? new Float64Array(cols) : data.slice(first * cols, (first + 1) * cols);
    const hi = lo.slice();
    const atLo = new Int32Array(cols).fill(first);
    const atHi = new Int32Array(cols).fill(first);
    for (const row of others) {
      const values = row === 0 ? new Float64Array(cols) : rowOf(h, row);
      for (let j = 0; j < cols; j++) {
        const value = values[j];
        if (value < lo[j]) {
          lo[j] = value;
          atLo[j] = row;
        } else if (value > hi[j]) {
          hi[j] = value;
          atHi[j] = row;
        }
      }
    }
    for (let j = 0; j < cols; j++) {
      lo[j] += data[j];
      hi[j] += data[j];
    }
    return { lo, hi, rows: { lo: atLo, hi: atHi } };
  };

  return {
    isSimplex: true,
    range,
    addExtremes: ({ data, cols }, h, side, factor) => {
      const { rows } = range(h);
      for (let j = 0; j < cols; j++) {
        if (side[j] === 0) continue;
        const row = side[j] > 0 ? rows.hi[j] : rows.lo[j];
        data[j] += factor[j];
        if (row > 0) data[row * cols + j] += factor[j];
      }
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
