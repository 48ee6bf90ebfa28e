import { type Matrix, matrix, multiplyTransposed, rowOf, rowRange } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { qrFactors } from '../../numeric/qr.js';
import { directionsOf, lengthOf } from '../directions.js';

/** What directions `[m, D]` span. */
export interface Span {
  readonly rank: number;
  /** ln of the volume of the parallelepiped of independent directions; of dependent ones, of the box of their principal axes. */
  readonly logVolume: number;
  /** Coordinates `[m, rank]` of the directions in an orthonormal basis; only of dependent ones. */
  readonly inBasis?: Matrix;
}

/** Multiply-adds of a factorisation that still takes about a second. */
const MOST_WORK = 2e9;

/** Undefined where finding out would take long. */
export function spanOf(directions: Matrix): Span | undefined {
  const { rows: m, cols: size } = directions;
  const found = directionsOf(directions);
  if (found.axes) {
    const factors = found.axes.map(({ factor }) => Math.abs(factor)).filter(factor => factor > 0);
    const logVolume = factors.reduce((sum, factor) => sum + Math.log(factor), 0);
    if (factors.length === m) return { rank: m, logVolume };
  }
  if (m * size * Math.min(m, size) > MOST_WORK) return undefined;
  return independentSpan(directions) ?? dependentSpan(directions);
}

/** By QR: undefined where a direction depends on those before it, up to the rounding of the factorisation. */
function independentSpan(directions: Matrix): Span | undefined {
  const { rows: m, cols: size } = directions;
  if (m > size) return undefined;
  const { upper } = qrFactors(directions);
  let logVolume = 0;
  for (let i = 0; i < m; i++) {
    const left = Math.abs(upper.data[i * m + i]);
    if (left <= 8 * (size + m) * UNIT_ROUNDOFF * lengthOf(rowOf(directions, i))) return undefined;
    logVolume += Math.log(left);
  }
  return { rank: m, logVolume };
}

/** By singular values, those that are no more than rounding left out. */
function dependentSpan(directions: Matrix): Span {
  const { values, axes } = directionsOf(directions).principal();
  const least = 8 * (directions.rows + directions.cols) * UNIT_ROUNDOFF * (values[0] ?? 0);
  const kept = values.filter(value => value > least);
  return {
    rank: kept.length,
    logVolume: kept.reduce((sum, value) => sum + Math.log(value), 0),
    inBasis: multiplyTransposed(directions, rowRange(axes, 0, kept.length)),
  };
}

/** Σ |det| over all choices of `rank` of the rows; undefined for more than `limit` of them. */
export function sumOfMinors(
  { rows: m, cols: rank, data }: Matrix,
  limit: number,
  det: (m: Matrix) => number,
): number | undefined {
  let count = 1;
  for (let k = 0; k < rank; k++) count = (count * (m - k)) / (k + 1);
  if (count > limit) return undefined;
  const chosen = matrix(rank, rank);
  let sum = 0;
  const choose = (from: number, depth: number): void => {
    if (depth === rank) {
      sum += Math.abs(det(chosen));
      return;
    }
    for (let i = from; i <= m - (rank - depth); i++) {
      chosen.data.set(data.subarray(i * rank, (i + 1) * rank), depth * rank);
      choose(i + 1, depth + 1);
    }
  };
  choose(0, 0);
  return sum;
}
