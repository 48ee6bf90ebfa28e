import { Matrix as DenseMatrix, QrDecomposition } from 'ml-matrix';
import type { Matrix } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';

/** Weights of the columns `[P]`, zero but for the active ones. */
interface Combination {
  readonly weights: Float64Array;
  readonly active: readonly number[];
}

/** The best non-negative combination of columns. */
export interface NonNegativeFit {
  /** `[P]`, all at least 0. */
  readonly weights: Float64Array;
  /** The goal less the combination. */
  readonly residual: readonly number[];
  /** ‖residual‖₂. */
  readonly distance: number;
}

/**
 * Distance of `target` `[d]` from the convex hull of the rows of `points` `[P, d]`, for targets near it:
 * min ‖[pointsᵀ; 1ᵀ] w − [target; 1]‖₂ over w ≥ 0. Zero, to rounding, exactly for targets in the hull.
 */
export function distanceToHull(points: Matrix, target: Float64Array): number {
  return fitInHull(points, target).distance;
}

/** The combination of {@link distanceToHull}; its last residual is what the weights lack of summing to 1. */
export function fitInHull(points: Matrix, target: Float64Array): NonNegativeFit {
  const { rows: count, cols: d } = points;
  const columns = Array.from({ length: count }, (_, p) => [...points.data.subarray(p * d, (p + 1) * d), 1]);
  return nonNegativeFit(columns, [...target, 1]);
}

/**
 * min ‖Σ wₚ columnₚ − goal‖₂ over w ≥ 0, by the active-set method of Lawson and Hanson (Solving Least Squares
 * Problems, ch. 23), for entries of size about 1.
 */
export function nonNegativeFit(columns: number[][], goal: number[]): NonNegativeFit {
  const count = columns.length;
  const d = goal.length - 1;
  const scale = columns.reduce((max, column) => Math.max(max, ...column.map(Math.abs)), 1);
  const tolerance = 8 * (count + d) * UNIT_ROUNDOFF * scale;
  // Near an edge or a flat corner the gradient of a column that is needed may drown in rounding: its sign alone
  // must not end the search, so columns this close to 0 are tried too.
  const gradientNoise = tolerance * scale * (d + 1);
  let best: Combination = { weights: new Float64Array(count), active: [] };
  let residual = goal;
  const fit = (): NonNegativeFit => ({
    weights: best.weights,
    residual,
    distance: Math.sqrt(dot(residual, residual)),
  });
  // Each step strictly lessens the residual over a new active set; 3P steps are the method's usual bound.
  for (let step = 0; step < 3 * count + 10; step++) {
    const distance = Math.sqrt(dot(residual, residual));
    if (distance <= tolerance) return fit();
    const descent = columns.map(column => dot(column, residual));
    const candidates = Array.from(columns.keys())
      .filter(p => descent[p] > -gradientNoise && !best.active.includes(p))
      .sort((p, q) => descent[q] - descent[p]);
    const improved = candidates.some(p => {
      const next = withColumn(columns, goal, best, p);
      const left = residualOf(columns, goal, next.weights);
      if (!(Math.sqrt(dot(left, left)) < distance)) return false;
      best = next;
      residual = left;
      return true;
    });
    if (!improved) return fit();
  }
  return fit();
}

/** The least-squares combination of the active columns and `entering`, less columns whose weight would turn negative. */
function withColumn(
  columns: number[][],
  goal: number[],
  { weights: before, active: kept }: Combination,
  entering: number,
): Combination {
  const weights = before.slice();
  let active = [...kept, entering];
  while (active.length > 0) {
    const basis = new DenseMatrix(active.map(p => columns[p])).transpose();
    const qr = new QrDecomposition(basis);
    if (!qr.isFullRank()) {
      weights[active.pop()!] = 0; // the entering column depends on the others
      break;
    }
    const solution = qr.solve(DenseMatrix.columnVector(goal)).to1DArray();
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

function residualOf(columns: number[][], goal: number[], weights: Float64Array): number[] {
  const residual = [...goal];
  columns.forEach((column, p) => {
    if (weights[p] === 0) return;
    for (let i = 0; i < residual.length; i++) residual[i] -= weights[p] * column[i];
  });
  return residual;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}
