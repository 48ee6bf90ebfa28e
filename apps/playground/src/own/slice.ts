import { ball, ellipsoid, type Matrix, matrix, type Region, vPolytope } from '@police/core';
import { EXTENT, type Point } from '../state/plane.js';
import type { Shape } from '../state/settings.js';

/** The square as a part of a space of inputs: two coordinates go from side to side, the others stay. */
export interface Slice {
  /** Counted from 0; two different ones. */
  readonly axes: readonly [across: number, up: number];
  /** What the two coordinates go from and to. */
  readonly from: number;
  readonly to: number;
  /** `[D]`: the others, and what the two would be. */
  readonly at: readonly number[];
}

/** A point `[D]` from one of the square. */
export function inputAt({ axes, from, to, at }: Slice, point: Point): number[] {
  const input = [...at];
  point.forEach((t, k) => {
    input[axes[k]] = from + ((t + EXTENT) / (2 * EXTENT)) * (to - from);
  });
  return input;
}

/** Points `[n, D]` from points `[n, 2]` of the square, as a float32 model is given them. */
export function inputsAt(slice: Slice, points: ArrayLike<number>): Matrix {
  const n = points.length / 2;
  const inputs = matrix(n, slice.at.length);
  for (let i = 0; i < n; i++)
    inputs.data.set(inputAt(slice, [points[2 * i], points[2 * i + 1]]).map(Math.fround), i * inputs.cols);
  return inputs;
}

/** A shape of the square as a region of inputs: flat, but where there are two inputs only. */
export function regionIn(slice: Slice, shape: Shape): Region {
  if (shape.kind === 'polygon') return vPolytope(shape.points.map(point => inputAt(slice, point)));
  const centre = inputAt(slice, shape.centre);
  const radius = (shape.radius / (2 * EXTENT)) * (slice.to - slice.from);
  if (centre.length === 2) return ball(centre, radius);
  return ellipsoid(
    centre,
    slice.axes.map(axis => centre.map((_, k) => (k === axis ? radius : 0))),
  );
}
