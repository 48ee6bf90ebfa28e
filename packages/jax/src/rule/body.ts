import { lax, numpy as np, tree } from '@jax-js/jax';
import { type Matrix, matrix, PoliceError, type Region } from '@police/core';
import type { UnitBall } from '@police/core/adapter';
import { type Constant, constant, scalar, type Tensor } from '../arrays.js';

/**
 * The extremes of affine functionals over a region. Every call makes a new node: jit computes what several read in a kernel of its own, and
 * fuses the rest.
 */
export interface Extent {
  /** The smallest and largest values, `[1, units]`, without gradient. */
  lo(): Tensor;
  hi(): Tensor;
  /** The smallest where `isUp` `[1, units]`, else the largest, with its gradient in the frame values; 0 where it is not asked for: `[units]`. */
  extreme(isUp: Tensor, isAsked?: Tensor): Tensor;
  dispose(): void;
}

/** What core's `Body` is on matrices, as operations on arrays. */
export interface TensorBody {
  /** Whether frame values are values at points, not along directions from the first one. */
  readonly isOfPoints: boolean;
  /** Of frame values `[d + 1, units]`, which are used up. */
  extent(h: Tensor): Extent;
  /** The side of a threshold, +1 or −1 `[1, units]`, on which more vertices lie; ties as core's `majority`. */
  majority(h: Tensor, threshold: number): Tensor;
}

/**
 * The tensor form of a region, whose frame has so many rows: more than its own are directions of 0. Throws `invalid-option` for one that has
 * none.
 */
export function tensorBody(region: Region, where: string, rows: number = region.frame.rows): TensorBody {
  const { body, frame, symmetric } = region;
  if (frame.rows === 1) return hullBody(undefined, false);
  if (body.unitBall) return ballBody(DUALS[body.unitBall.kind], rows);
  if (body.points) return hullBody(body.isSimplex ? undefined : barycentric(body.points), symmetric);
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected:
      'a region with a tensor form: a box, zonotope, ball, ellipsoid, cross-polytope, simplex or hull of vertices',
    actual: `a region of kind '${region.kind}'`,
    remedy: 'Take a box or zonotope around it, or its vertices by vPolytope.',
  });
}

/** h₀ ± the dual norm of the directional rows, of a body symmetric about its origin. */
function ballBody(dualOf: Dual, rows: number): TensorBody {
  const directions = constant(
    Array.from({ length: rows }, (_, i) => Number(i > 0)),
    [rows, 1],
  );
  return {
    isOfPoints: false,
    extent: h => {
      const width = dualOf(h.ref, directions);
      const origin = () => h.ref.slice([0, 1]);
      return {
        lo: () => lax.stopGradient(origin().sub(width.ref)),
        hi: () => lax.stopGradient(origin().add(width.ref)),
        extreme: (isUp, isAsked) => {
          const all = origin().add(np.where(isUp, width.ref.neg(), width.ref));
          return (isAsked ? np.where(isAsked, all, scalar(0, all.dtype)) : all).reshape([-1]);
        },
        dispose: () => tree.dispose([h, width]),
      };
    },
    majority: (h, threshold) => sideWhere(np.greaterEqual(h.slice([0, 1]), scalar(threshold, h.dtype))),
  };
}

/**
 * Of frame values `[d + 1, units]`, which are used up, λ·g for the λ of the unit ball at which that is largest: the dual norm `[1, units]`,
 * whose gradient is λ. Where several are, core's: 0 along directions of 0, the first of tied axes. `directions` `[d + 1, 1]` is 0 at the
 * origin: a product with it fuses, where a slice would be a copy.
 */
type Dual = (h: Tensor, directions: Constant) => Tensor;

const DUALS: Readonly<Record<UnitBall['kind'], Dual>> = {
  cube: (h, directions) => np.sum(absolutes(h, directions), 0, KEEP),
  disc: (h, directions) => {
    const squares = np.sum(np.square(h).mul(directions(h.dtype)), 0, KEEP);
    const isZero = () => np.equal(squares.ref, scalar(0, squares.dtype));
    const root = np.sqrt(np.where(isZero(), scalar(1, squares.dtype), squares.ref));
    const length = np.where(isZero(), scalar(0, squares.dtype), root);
    squares.dispose();
    return length;
  },
  octahedron: (h, directions) => {
    const sizes = absolutes(h, directions);
    const longest = np.argmax(lax.stopGradient(sizes.ref), 0, KEEP);
    return atIndex(sizes, longest);
  },
};

/** |h| along directions, 0 at the origin, and where h is 0 without a gradient. */
function absolutes(h: Tensor, directions: Constant): Tensor {
  const { dtype } = h;
  const zero = () => scalar(0, dtype);
  const fixed = () => lax.stopGradient(h.ref);
  const negative = np.where(np.less(fixed(), zero()), directions(dtype).neg(), zero());
  const signs = np.where(np.greater(fixed(), zero()), directions(dtype), negative);
  return h.mul(signs);
}

const KEEP = { keepdims: true };

/** Of values `[n, units]` those at indices `[1, units]`. */
export const atIndex = (values: Tensor, index: Tensor): Tensor =>
  np.sum(np.where(isRow(values.shape[0], index), values, scalar(0, values.dtype)), 0, KEEP);

/** Of n rows, which one an index `[1, units]` is: `[n, units]`. */
export const isRow = (count: number, index: Tensor): Tensor => np.equal(numbered(count), index);

/** 0, 1, … `[n, 1]`. */
const numbered = (count: number): Tensor => np.arange(count).reshape([-1, 1]);

/** The largest and smallest of the values at the vertices, combinations `[P, d + 1]` of those at the frame's points, or these themselves. */
function hullBody(combinations: Matrix | undefined, symmetric: boolean): TensorBody {
  const weights = combinations && constant(combinations.data, [combinations.rows, combinations.cols]);
  const atVertices = (h: Tensor): Tensor => (weights ? np.dot(weights(h.dtype), h) : h);
  return {
    isOfPoints: true,
    extent: h => extentAtVertices(atVertices(h)),
    majority: (h, threshold) => {
      const above = atVertices(h).sub(scalar(threshold, h.dtype));
      const zero = () => scalar(0, above.dtype);
      const votes = np.sum(np.sign(above.ref), 0, KEEP);
      if (!symmetric) {
        above.dispose();
        return sideWhere(np.greaterEqual(votes, zero()));
      }
      const isCentreAbove = np.greaterEqual(np.sum(above, 0, KEEP), zero());
      const isTied = np.equal(votes.ref, zero());
      return sideWhere(np.where(isTied, isCentreAbove, np.greater(votes, zero())));
    },
  };
}

/** Vertices whose extremes are written out, entry by entry: that fuses with what reads them, where each reduction is a kernel of its own. */
const FEW = 8;

/** Of values `[P, units]` at vertices. */
function extentAtVertices(values: Tensor): Extent {
  const [count] = values.shape;
  const fixed = () => lax.stopGradient(values.ref);
  const rows = () => Array.from({ length: count }, (_, p) => fixed().slice([p, p + 1]));
  const kept = [values];
  const extreme = (pick: (a: Tensor, b: Tensor) => Tensor, reduce: typeof np.min): (() => Tensor) => {
    if (count <= FEW) return () => rows().reduce(pick);
    const reduced = reduce(fixed(), 0);
    kept.push(reduced);
    // Seen as a row anew each time: one row that several read would be a copy.
    return () => reduced.ref.reshape([1, -1]);
  };
  const [lo, hi] = [extreme(np.minimum, np.min), extreme(np.maximum, np.max)];
  // The first of tied ones. What is not finite equals nothing, and stays so at the last place.
  const placeOf = (found: Tensor): Tensor => {
    const last = integer(count - 1);
    // One kernel where argmax takes three.
    if (count > FEW) return np.min(np.where(np.equal(fixed(), found), numbered(count), last), 0, KEEP);
    const place = rows().reduceRight(
      (rest, row, p) => np.where(np.equal(row, found.ref), integer(p), rest),
      last,
    );
    found.dispose();
    return place;
  };
  return {
    lo,
    hi,
    extreme: (isUp, isAsked) => {
      const isHere = isRow(count, placeOf(np.where(isUp, lo(), hi())));
      return np.sum(
        np.where(isAsked ? np.logicalAnd(isHere, isAsked) : isHere, values.ref, scalar(0, values.dtype)),
        0,
      );
    },
    dispose: () => tree.dispose(kept),
  };
}

/** Frame coordinates `[P, d]` as weights of the frame's d + 1 points. */
function barycentric(points: Matrix): Matrix {
  const { rows, cols, data } = points;
  const weights = matrix(rows, cols + 1);
  for (let p = 0; p < rows; p++) {
    const row = data.subarray(p * cols, (p + 1) * cols);
    weights.data[p * (cols + 1)] = 1 - row.reduce((sum, x) => sum + x, 0);
    weights.data.set(row, p * (cols + 1) + 1);
  }
  return weights;
}

/** +1 where true, else −1. */
export const sideWhere = (condition: Tensor): Tensor => np.where(condition, integer(1), integer(-1));

export const integer = (value: number): Tensor => np.array(value, { dtype: np.int32 });
