import { type Matrix, multiply, rowOf, rowRange } from '../../numeric/matrix.js';
import type { Body } from '../region.js';
import { FEW_VERTICES, planarHull } from './planar-hull.js';

/** Ranges over the hull of points `[P, d]`, and their votes. */
export function pointExtremes(points: Matrix): Pick<Body, 'rangeInto' | 'extremeInto' | 'reach' | 'votes'> {
  const { rows: count, cols: d } = points;
  const listed = listedExtremes(points);
  return d >= 1 && d <= 2 && count > FEW_VERTICES ? { ...listed, ...planarExtremes(points) } : listed;
}

/** Point by point. */
function listedExtremes(points: Matrix): Pick<Body, 'rangeInto' | 'extremeInto' | 'reach' | 'votes'> {
  const { rows: count } = points;
  const absolute = { ...points, data: points.data.map(Math.abs) };

  /** Scratch `[units]`, which grows to the widest layer met. */
  let values = new Float64Array(0);

  return {
    rangeInto: (h, lo, hi) => {
      if (values.length < h.cols) values = new Float64Array(h.cols);
      lo.fill(Infinity);
      hi.fill(-Infinity);
      for (let p = 0; p < count; p++) {
        writeValues(h, points, p, values);
        for (let j = 0; j < h.cols; j++) {
          if (values[j] < lo[j]) lo[j] = values[j];
          if (values[j] > hi[j]) hi[j] = values[j];
        }
      }
    },
    extremeInto: (h, unit, side, into) => {
      let best = 0;
      let most = -Infinity;
      for (let p = 0; p < count; p++) {
        const value = side * valueAt(h, unit, points, p);
        if (value > most) {
          most = value;
          best = p;
        }
      }
      writePoint(points, best, into);
    },
    reach: h => {
      const sizes = { ...rowRange(h, 1, h.rows), data: rowRange(h, 1, h.rows).data.map(Math.abs) };
      const spread = new Float64Array(h.cols);
      multiply(absolute, sizes).data.forEach((value, i) => {
        const j = i % h.cols;
        if (value > spread[j]) spread[j] = value;
      });
      return rowOf(h, 0).map((x, j) => Math.abs(x) + spread[j]);
    },
    votes: (h, threshold) => {
      const balance = new Float64Array(h.cols);
      const at = new Float64Array(h.cols);
      for (let p = 0; p < count; p++) {
        writeValues(h, points, p, at);
        for (let j = 0; j < h.cols; j++) balance[j] += Math.sign(at[j] - threshold) / count;
      }
      // Sums of ±1/P: anything under half a vote is a tie.
      return balance.map(x => (Math.abs(x) * count < 0.5 ? 0 : x));
    },
  };
}

/** Ranges over points `[P, 1 or 2]` at the cost of a binary search each, however many points there are. */
function planarExtremes(points: Matrix): Pick<Body, 'rangeInto' | 'extremeInto' | 'reach'> {
  const { cols: d } = points;
  const hull = planarHull(points);
  /** Largest |coordinate|, `[d]`. */
  const limits = new Float64Array(d);
  points.data.forEach((x, i) => {
    limits[i % d] = Math.max(limits[i % d], Math.abs(x));
  });
  const farthest = ({ cols, data }: Matrix, unit: number, side: number) =>
    hull.farthest(side * data[cols + unit], d > 1 ? side * data[2 * cols + unit] : 0);
  return {
    rangeInto: (h, lo, hi) => {
      for (let j = 0; j < h.cols; j++) {
        lo[j] = valueAt(h, j, points, farthest(h, j, -1));
        hi[j] = valueAt(h, j, points, farthest(h, j, 1));
      }
    },
    extremeInto: (h, unit, side, into) => writePoint(points, farthest(h, unit, side), into),
    // Coordinate by coordinate: a bound, which is all that it is asked to be.
    reach: h =>
      rowOf(h, 0).map((x, j) =>
        limits.reduce((sum, limit, i) => sum + limit * Math.abs(h.data[(i + 1) * h.cols + j]), Math.abs(x)),
      ),
  };
}

/** Values of all columns at point p of `points` `[P, d]`. */
function writeValues({ cols, data }: Matrix, points: Matrix, p: number, values: Float64Array): void {
  const d = points.cols;
  for (let j = 0; j < cols; j++) values[j] = 0;
  for (let i = 0; i < d; i++) {
    const factor = points.data[p * d + i];
    if (factor === 0) continue;
    for (let j = 0, at = (i + 1) * cols; j < cols; j++, at++) values[j] += factor * data[at];
  }
  for (let j = 0; j < cols; j++) values[j] += data[j];
}

/** The value of one column there, of the same roundings. */
function valueAt({ cols, data }: Matrix, unit: number, points: Matrix, p: number): number {
  const d = points.cols;
  let sum = 0;
  for (let i = 0, at = cols + unit; i < d; i++, at += cols) sum += points.data[p * d + i] * data[at];
  return data[unit] + sum;
}

function writePoint({ cols: d, data }: Matrix, p: number, into: Float64Array): void {
  into[0] = 1;
  for (let i = 0; i < d; i++) into[i + 1] = data[p * d + i];
}
