import { vPolytope } from '@police/core';
import { Matrix, solve } from 'ml-matrix';
import type { PlanarTask } from './tasks.js';

/**
 * The least mean squared error that any function affine on the region can have on the task: zero outside, and
 * inside what the best affine fit of the points there leaves.
 */
export function affineFloor({ points, target, vertices }: PlanarTask): number {
  const region = vPolytope(vertices);
  const inside = Array.from(points.keys()).filter(i => region.contains(points[i]));
  const design = new Matrix(inside.map(i => [1, ...points[i]]));
  const values = Matrix.columnVector(inside.map(i => target[i]));
  const left = Matrix.sub(values, design.mmul(solve(design, values, true)));
  return left.to1DArray().reduce((sum, r) => sum + r * r, 0) / points.length;
}
