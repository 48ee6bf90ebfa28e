import { type Matrix, rowOf } from '../../numeric/matrix.js';
import { maximiseAbsolutes } from '../../numeric/spans.js';
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
): Pick<Required<Body>, 'rangeInto' | 'extremeInto' | 'range' | 'isSimplex' | 'reach' | 'votes'> {
  const rowOfVertex = Array.from(
    { length: coordinates.rows },
    (_, p) => rowOf(coordinates, p).indexOf(1) + 1,
  );
  const [first, ...others] = rowOfVertex;

  const write = (h: Matrix, lo: Float64Array, hi: Float64Array, rows?: Range['rows']): void => {
    const { cols, data } = h;
    for (let j = 0; j < cols; j++) lo[j] = hi[j] = first === 0 ? 0 : data[first * cols + j];
    for (let p = 0; p < others.length; p++) {
      const row = others[p];
      const start = row * cols;
      for (let j = 0; j < cols; j++) {
        const value = row === 0 ? 0 : data[start + j];
        if (value < lo[j]) {
          lo[j] = value;
          if (rows) rows.lo[j] = row;
        } else if (value > hi[j]) {
          hi[j] = value;
          if (rows) rows.hi[j] = row;
        }
      }
    }
    for (let j = 0; j < cols; j++) {
      lo[j] += data[j];
      hi[j] += data[j];
    }
  };

  return {
    isSimplex: true,
    rangeInto: (h, lo, hi) => write(h, lo, hi),
    range: h => {
      const { cols } = h;
      const rows = { lo: new Int32Array(cols).fill(first), hi: new Int32Array(cols).fill(first) };
      const [lo, hi] = [new Float64Array(cols), new Float64Array(cols)];
      write(h, lo, hi, rows);
      return { lo, hi, rows };
    },
    extremeInto: ({ cols, data }, unit, side, into) => {
      let best = first;
      let most = first === 0 ? 0 : side * data[first * cols + unit];
      for (let p = 0; p < others.length; p++) {
        const value = others[p] === 0 ? 0 : side * data[others[p] * cols + unit];
        if (value > most) {
          most = value;
          best = others[p];
        }
      }
      for (let i = 1; i <= others.length; i++) into[i] = 0;
      into[best] = 1;
      into[0] = 1;
    },
    reach: h => {
      const { rows, cols, data } = h;
      const spread = new Float64Array(cols);
      maximiseAbsolutes(data, cols, rows * cols, cols, 0, cols, spread);
      for (let j = 0; j < cols; j++) spread[j] += Math.abs(data[j]);
      return spread;
    },
    votes: ({ rows, cols, data }, threshold) => {
      const balance = Float64Array.from(data.subarray(0, cols), origin => Math.sign(origin - threshold));
      for (let start = cols; start < rows * cols; start += cols)
        for (let j = 0; j < cols; j++) balance[j] += Math.sign(data[j] + data[start + j] - threshold);
      return balance.map(votes => votes / rows);
    },
  };
}
