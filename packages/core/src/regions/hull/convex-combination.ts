import { largestEntry, type Matrix, matrix, norm, pickRows, rowOf } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { isFullRank, qrFactors } from '../../numeric/qr.js';

/** Weights of the columns `[P]`, zero but for the active ones. */
interface Combination {
  readonly weights: Float64Array;
  readonly active: readonly number[];
}

/** The best non-negative combination of columns. */
export interface NonNegativeFit {
  /** `[P]`, all at least 0. */
  readonly weights: Float64Array;
  /** Indices of the columns whose weights are not 0, and perhaps a few whose are. */
  readonly active: readonly number[];
  /** The goal less the combination. */
  readonly residual: Float64Array;
  /** ‖residual‖₂. */
  readonly distance: number;
}

/**
 * Distance of `target` `[d]` from the convex hull of the rows of `points` `[P, d]`, for targets near it:
 * min ‖[pointsᵀ; 1ᵀ] w − [target; 1]‖₂ over w ≥ 0. Zero, to rounding, exactly for targets in the hull.
 */
export function distanceToHull(points: Matrix, target: Float64Array): number {
  return nonNegativeFit(withOnes(points), Float64Array.of(...target, 1)).distance;
}

/** The rows with a 1 at the end: for {@link nonNegativeFit}, points of which a convex combination is sought. */
export function withOnes(points: Matrix): Matrix {
  const rows = matrix(points.rows, points.cols + 1);
  for (let p = 0; p < points.rows; p++) {
    rows.data.set(rowOf(points, p), p * rows.cols);
    rows.data[p * rows.cols + points.cols] = 1;
  }
  return rows;
}

/**
 * min ‖Σ wₚ columnₚ − goal‖₂ over w ≥ 0, by the active-set method of Lawson and Hanson (Solving Least Squares
 * Problems, ch. 23), for entries of size about 1. `columns` `[P, d]` has a column in each row. Ends early where `isEnough`
 * says so of a residual.
 */
export function nonNegativeFit(
  columns: Matrix,
  goal: Float64Array,
  isEnough: (residual: Float64Array) => boolean = () => false,
): NonNegativeFit {
  const count = columns.rows;
  const d = goal.length - 1;
  const scale = Math.max(1, largestEntry(columns.data));
  const tolerance = 8 * (count + d) * UNIT_ROUNDOFF * scale;
  // Near an edge or a flat corner the gradient of a column that is needed may drown in rounding: its sign alone
  // must not end the search, so columns this close to 0 are tried too.
  const gradientNoise = tolerance * scale * (d + 1);
  let best: Combination = { weights: new Float64Array(count), active: [] };
  let residual = goal;
  let distance = norm(residual);
  const isImprovedBy = (p: number) => {
    const next = withColumn(columns, goal, best, p);
    const left = residualOf(columns, goal, next);
    const length = norm(left);
    if (!(length < distance)) return false;
    best = next;
    residual = left;
    distance = length;
    return true;
  };
  // Each step strictly lessens the residual over a new active set; 3P steps are the method's usual bound.
  for (let step = 0; step < 3 * count + 10; step++) {
    if (distance <= tolerance || isEnough(residual)) break;
    const descent = productsWith(columns, residual);
    for (const p of best.active) descent[p] = Number.NEGATIVE_INFINITY;
    if (descent.length === 0) break;
    const steepest = indexOfLargest(descent);
    if (!(descent[steepest] > -gradientNoise)) break;
    if (isImprovedBy(steepest)) continue;
    const others = Array.from(descent.keys())
      .filter(p => descent[p] > -gradientNoise && p !== steepest)
      .sort((p, q) => descent[q] - descent[p]);
    if (!others.some(isImprovedBy)) break;
  }
  return { ...best, residual, distance };
}

/** Of every row with the vector. */
export function productsWith(m: Matrix, vector: ArrayLike<number>): Float64Array {
  const products = new Float64Array(m.rows);
  for (let p = 0, at = 0; p < m.rows; p++) {
    let sum = 0;
    for (let k = 0; k < m.cols; k++, at++) sum += m.data[at] * vector[k];
    products[p] = sum;
  }
  return products;
}

export function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The least-squares combination of the active columns and `entering`, less columns whose weight would turn negative. */
function withColumn(
  columns: Matrix,
  goal: Float64Array,
  { weights: before, active: kept }: Combination,
  entering: number,
): Combination {
  const weights = before.slice();
  let active = [...kept, entering];
  while (active.length > 0) {
    const qr = active.length > columns.cols ? undefined : qrFactors(pickRows(columns, active));
    if (!qr || !isFullRank(qr)) {
      weights[active.pop()!] = 0; // the entering column depends on the others
      break;
    }
    const solution = qr.solve(goal);
    let step = 1;
    active.forEach((p, i) => {
      if (solution[i] <= 0) step = Math.min(step, weights[p] / (weights[p] - solution[i]));
    });
    active.forEach((p, i) => {
      weights[p] += step * (solution[i] - weights[p]);
      if (solution[i] <= 0 && weights[p] <= UNIT_ROUNDOFF) weights[p] = 0;
    });
    const positive = active.filter(p => weights[p] > 0);
    if (positive.length === active.length) break;
    active = positive;
  }
  return { weights, active };
}

function residualOf(columns: Matrix, goal: Float64Array, { weights, active }: Combination): Float64Array {
  const residual = goal.slice();
  for (const p of active) {
    for (let i = 0; i < residual.length; i++) residual[i] -= weights[p] * columns.data[p * columns.cols + i];
  }
  return residual;
}
