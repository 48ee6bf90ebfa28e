import type { PrescribedMap, Region } from '@police/core';
import { Matrix, SingularValueDecomposition, solve } from 'ml-matrix';
import { type Samples, sizeOf } from './task.js';

/**
 * The least loss on the task that any function affine on each of the disjoint regions can have: none outside, and inside
 * what the best affine function leaves, or the prescribed one.
 */
export function affineFloor(task: Samples, regions: readonly Region[], target?: PrescribedMap): number {
  const left = regions.map(region => {
    const inside = rowsInside(task, region);
    if (inside.length === 0) return 0;
    if (target) return squaredError(task, inside, target);
    return task.loss === 'squared' ? squaredRest(task, inside) : logisticRest(task, inside);
  });
  return left.reduce((sum, rest) => sum + rest, 0) / (sizeOf(task) * task.outputs);
}

/** The rows of the task's points in the region. */
export function rowsInside(task: Samples, region: Region): number[] {
  return Array.from({ length: sizeOf(task) }, (_, i) => i).filter(i =>
    region.contains(task.points.subarray(2 * i, 2 * i + 2)),
  );
}

/** `[n, 3]`: 1, x, y. */
const design = ({ points }: Samples, rows: readonly number[]): Matrix =>
  new Matrix(rows.map(i => [1, points[2 * i], points[2 * i + 1]]));

/** `[n, outputs]`. */
const wanted = ({ values, outputs }: Samples, rows: readonly number[]): Matrix =>
  new Matrix(rows.map(i => [...values.subarray(outputs * i, outputs * (i + 1))]));

const sumOfSquares = (matrix: Matrix): number => matrix.to1DArray().reduce((sum, r) => sum + r * r, 0);

/** The sum of squares that least squares leave. */
function squaredRest(task: Samples, rows: readonly number[]): number {
  const x = design(task, rows);
  const y = wanted(task, rows);
  const fit = new SingularValueDecomposition(x, { autoTranspose: true }).solve(y);
  return sumOfSquares(Matrix.sub(y, x.mmul(fit)));
}

function squaredError(task: Samples, rows: readonly number[], { A, b }: PrescribedMap): number {
  const map = new Matrix(
    Array.from({ length: A.rows }, (_, j) => [b?.[j] ?? 0, A.data[2 * j], A.data[2 * j + 1]]),
  );
  return sumOfSquares(Matrix.sub(wanted(task, rows), design(task, rows).mmul(map.transpose())));
}

const NEWTON_STEPS = 100;

/**
 * The sum of cross-entropies that logistic regression leaves, by Newton's method with halved steps; the loss is convex.
 * Throws where the classes in the region can be separated, and no regression attains the floor, which is then 0.
 */
function logisticRest(task: Samples, rows: readonly number[]): number {
  const x = design(task, rows);
  const y = wanted(task, rows).to1DArray();
  const lossAt = (w: Matrix): number =>
    x
      .mmul(w)
      .to1DArray()
      .reduce((sum, z, i) => sum + Math.max(z, 0) - z * y[i] + Math.log1p(Math.exp(-Math.abs(z))), 0);
  let w = Matrix.zeros(3, 1);
  let loss = lossAt(w);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const p = x
      .mmul(w)
      .to1DArray()
      .map(z => 1 / (1 + Math.exp(-z)));
    const gradient = x.transpose().mmul(Matrix.columnVector(p.map((value, i) => value - y[i])));
    const weighted = x.clone().mulColumnVector(p.map(value => value * (1 - value)));
    const hessian = x.transpose().mmul(weighted);
    const direction = solve(hessian, gradient, true);
    let size = 1;
    let next = loss;
    let moved = w;
    do {
      moved = Matrix.sub(w, Matrix.mul(direction, size));
      next = lossAt(moved);
      size /= 2;
    } while (next > loss && size > Number.EPSILON);
    if (next >= loss) return loss;
    w = moved;
    loss = next;
  }
  throw new Error(`${task.name}: logistic regression in the region did not settle in ${NEWTON_STEPS} steps.`);
}
