import { Matrix as DenseMatrix, QrDecomposition } from 'ml-matrix';
import type { Matrix } from '../matrix.js';
import { UNIT_ROUNDOFF } from '../precision.js';

/**
 * Distance of `target` `[d]` from the convex hull of the rows of `points` `[P, d]`, for targets near it:
 * min ‖[pointsᵀ; 1ᵀ] w − [target; 1]‖₂ over w ≥ 0, by the active-set method of Lawson and Hanson (Solving Least
 * Squares Problems, ch. 23). Zero, to rounding, exactly for targets in the hull.
 */
export function distanceToHull(points: Matrix, target: Float64Array): number {
  const { rows: count, cols: d } = points;
  const columns = Array.from({ length: count }, (_, p) => [...points.data.subarray(p * d, (p + 1) * d), 1]);
  const goal = [...target, 1];
  const weights = new Float64Array(count);
  const active: number[] = [];
  const scale = columns.reduce((max, column) => Math.max(max, ...column.map(Math.abs)), 1);
  const tolerance = 8 * (count + d) * UNIT_ROUNDOFF * scale;
  // Each step strictly lessens the residual over a new active set; 3P steps are the method's usual bound.
  for (let step = 0; step < 3 * count + 10; step++) {
    const residual = residualOf(columns, goal, weights);
    const descent = columns.map((column, p) => (active.includes(p) ? -Infinity : dot(column, residual)));
    const entering = indexOfLargest(descent);
    const distance = Math.sqrt(dot(residual, residual));
    if (distance <= tolerance || descent[entering] <= tolerance * distance) return distance;
    active.push(entering);
    keepNonNegative(columns, goal, weights, active);
    if (!active.includes(entering)) return distance; // only rounding drove it in
  }
  const residual = residualOf(columns, goal, weights);
  return Math.sqrt(dot(residual, residual));
}

/** Moves `weights` to the least-squares solution on `active`, dropping columns whose weight would turn negative. */
function keepNonNegative(columns: number[][], goal: number[], weights: Float64Array, active: number[]): void {
  while (active.length > 0) {
    const basis = new DenseMatrix(active.map(p => columns[p])).transpose();
    const qr = new QrDecomposition(basis);
    if (!qr.isFullRank()) {
      weights[active.pop()!] = 0; // the entering column depends on the others
      return;
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
    const kept = active.filter(p => weights[p] > 0);
    if (kept.length === active.length) return;
    active.splice(0, active.length, ...kept);
  }
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

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, x, i) => (x > values[best] ? i : best), 0);
}
