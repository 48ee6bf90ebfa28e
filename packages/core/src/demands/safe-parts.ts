import { assertSize } from '../errors.js';
import { matrixFromRows, multiply, multiplyTransposed, norm, rowOf } from '../numeric/matrix.js';
import type { UnitBall } from '../regions/unit-balls.js';
import type { ConvexSet, LinearOperator, Membership } from './convex-set.js';
import type { Norm, SafeDemand } from './demand-type.js';
import { entry, type MapSpace, valueEntry } from './map-space.js';
import { clampedSet } from './sets/clamped.js';
import { epigraph } from './sets/epigraph.js';

/** The norm that bounds a functional on the body: dual to its own. */
const DUALS: Readonly<Record<UnitBall['kind'], Norm>> = { cube: 1, disc: 2, octahedron: 'infinity' };

/** Points of frame coordinates found to matter, where a body's vertices are not listed: more are added as they are violated. */
export type FoundPoints = Float64Array[];

/**
 * C f(x) ≤ e all over the region, each row apart. On a unit ball in frame coordinates: value at the centre plus dual norm of the changes along
 * the directions ≤ e; on a hull of points: the values there ≤ e; else at the points found so far.
 */
export function safeMembers(
  space: MapSpace,
  { C, e }: SafeDemand,
  slack: number,
  found: FoundPoints,
): Membership[] {
  const { outSize, region, radius } = space;
  assertSize(C[0].length, outSize, 'safe', 'columns of C, one for each output,');
  const { unitBall, points } = region.body;
  const dual = unitBall && DUALS[unitBall.kind];
  return C.map((c, i) => {
    const room = e[i] - slack * radius * c.reduce((sum, x) => sum + Math.abs(x), 0);
    if (dual !== undefined)
      return scaled(functional(space, c, frameRows(space)), limit => epigraph(dual, limit), room);
    const coordinates = points
      ? Array.from({ length: points.rows }, (_, p) => rowOf(points, p))
      : [region.centre, ...found];
    const rows = frameRows(space);
    const at = coordinates.map(lambda => combined(rows, lambda));
    const below = (limit: number): ConvexSet =>
      clampedSet(
        new Float64Array(at.length).fill(Number.NEGATIVE_INFINITY),
        new Float64Array(at.length).fill(limit),
      );
    return scaled(functional(space, c, at), below, room);
  });
}

/** A row of C applied to f, as an affine function of z at a point x: weights of A's columns, and of the value at the centre. */
interface AtPoint {
  /** `[in]`. */
  readonly x: Float64Array;
  /** 1 at a point, 0 along a direction. */
  readonly value: number;
}

/** The frame's origin, its offset from the centre taken off, and its directions. */
function frameRows({ region, centre }: MapSpace): AtPoint[] {
  const { frame } = region;
  return Array.from({ length: frame.rows }, (_, i) => {
    const row = rowOf(frame, i);
    return i === 0 ? { x: row.map((v, k) => v - centre[k]), value: 1 } : { x: row, value: 0 };
  });
}

/** The point of frame coordinates λ. */
function combined(rows: readonly AtPoint[], lambda: Float64Array): AtPoint {
  const directions = matrixFromRows(
    rows.slice(1).map(({ x }) => x),
    rows[0].x.length,
  );
  const moved = multiply({ rows: 1, cols: lambda.length, data: lambda }, directions).data;
  return { x: rows[0].x.map((v, k) => v + moved[k]), value: 1 };
}

/** z ↦ c·f along each of the rows: Σⱼ cⱼ (Aⱼ·x + value · radius · tⱼ). */
function functional(space: MapSpace, c: readonly number[], at: readonly AtPoint[]): LinearOperator {
  const { outSize, inSize, radius, size } = space;
  const points = matrixFromRows(
    at.map(({ x }) => x),
    inSize,
  );
  const values = Float64Array.from(at, ({ value }) => value * radius);
  return {
    size: at.length,
    apply: z => {
      const along = new Float64Array(inSize);
      let value = 0;
      for (let j = 0; j < outSize; j++) {
        for (let k = 0; k < inSize; k++) along[k] += c[j] * z[entry(space, j, k)];
        value += c[j] * z[valueEntry(space, j)];
      }
      const products = multiplyTransposed({ rows: 1, cols: inSize, data: along }, points).data;
      return products.map((p, i) => p + values[i] * value);
    },
    adjoint: y => {
      const along = multiply({ rows: 1, cols: y.length, data: y }, points).data;
      const value = y.reduce((sum, w, i) => sum + w * values[i], 0);
      const z = new Float64Array(size);
      for (let j = 0; j < outSize; j++) {
        for (let k = 0; k < inSize; k++) z[entry(space, j, k)] = c[j] * along[k];
        z[valueEntry(space, j)] = c[j] * value;
      }
      return z;
    },
  };
}

/** Operator and set in units in which the operator is of size about 1: the method's steps suit it then. */
function scaled(operator: LinearOperator, set: (limit: number) => ConvexSet, limit: number): Membership {
  const unit = 1 / (operatorSize(operator) || 1);
  return {
    set: set(limit * unit),
    operator: {
      size: operator.size,
      apply: z => operator.apply(z).map(y => y * unit),
      adjoint: y => operator.adjoint(y.map(x => x * unit)),
    },
  };
}

const POWER_STEPS = 20;

/** Nearly the largest singular value. */
function operatorSize({ size, apply, adjoint }: LinearOperator): number {
  let y: Float64Array = Float64Array.from({ length: size }, (_, i) => 1 + i / size);
  let found = 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    const length = norm(y);
    if (length === 0) return 0;
    y = apply(adjoint(y.map(x => x / length)));
    found = Math.sqrt(norm(y));
  }
  return found;
}
