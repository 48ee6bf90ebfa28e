import { lax, numpy as np } from '@jax-js/jax';
import { type Matrix, PoliceError, type Region } from '@police/core';
import { cube, disc, octahedron } from '@police/core/adapter';
import { constant, scalar, type Tensor } from '../arrays.js';

/** The extremes of affine functionals over a region, `[units]` each, with the gradient in the frame values. */
export interface Extremes {
  readonly lo: Tensor;
  readonly hi: Tensor;
}

/** What core's `Body` is on matrices, as operations on arrays: frame values `[d + 1, units]`, row 0 at the origin, are used up. */
export interface TensorBody {
  extremes(h: Tensor): Extremes;
  /** The side of a threshold, +1 or −1 `[units]`, on which more vertices lie; ties as core's `majority`. */
  majority(h: Tensor, threshold: number): Tensor;
}

/** The tensor form of a region. Throws `invalid-option` for one that has none. */
export function tensorBody(region: Region, where: string): TensorBody {
  const { body, frame, symmetric } = region;
  if (frame.rows === 1) return pointBody;
  const known = DUALS.find(([unitBall]) => unitBall === body.unitBall);
  if (known) return ballBody(known[1]);
  if (body.points)
    return hullBody({
      points: body.points,
      isSimplex: body.isSimplex ?? false,
      symmetric,
      centre: body.centre,
    });
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected:
      'a region with a tensor form: a box, zonotope, ball, ellipsoid, cross-polytope, simplex or hull of vertices',
    actual: `a region of kind '${region.kind}'`,
    remedy: 'Take a box or zonotope around it, or its vertices by vPolytope.',
  });
}

/** h₀ ± the dual norm of the directional rows g `[d, units]`, of a body symmetric about its origin. */
const ballBody = (dualOf: (g: Tensor) => Tensor): TensorBody => ({
  extremes: h => {
    const origin = h.ref.slice(0);
    const width = dualOf(h.slice([1, h.shape[0]]));
    return { lo: origin.ref.sub(width.ref), hi: origin.add(width) };
  },
  majority: (h, threshold) => sideWhere(np.greaterEqual(h.slice(0), scalar(threshold, h.dtype))),
});

/** A point: its values are its extremes. */
const pointBody: TensorBody = {
  extremes: h => ({ lo: h.ref.slice(0), hi: h.slice(0) }),
  majority: (h, threshold) => sideWhere(np.greaterEqual(h.slice(0), scalar(threshold, h.dtype))),
};

/**
 * λ·g for the λ of the unit ball at which that is largest: the dual norm, whose gradient is λ. Where several are, core's: 0 along
 * directions of 0, the first of tied axes.
 */
const DUALS: readonly (readonly [ball: unknown, dual: (g: Tensor) => Tensor])[] = [
  [cube, g => g.ref.mul(np.sign(lax.stopGradient(g))).sum(0)],
  [
    disc,
    g => {
      const fixed = lax.stopGradient(g.ref);
      // Scaled by the largest entry, so that squares neither overflow nor vanish.
      const largest = orOne(np.max(np.abs(fixed.ref), 0));
      const scaled = fixed.div(largest);
      const length = orOne(np.sqrt(np.square(scaled.ref).sum(0)));
      return g.mul(scaled.div(length)).sum(0);
    },
  ],
  [
    octahedron,
    g => {
      const fixed = lax.stopGradient(g.ref);
      const sign = np.sign(fixed.ref);
      const longest = np.argmax(np.abs(fixed), 0);
      return atIndex(g.mul(sign), longest);
    },
  ],
];

const orOne = (x: Tensor): Tensor => np.where(np.equal(x.ref, scalar(0, x.dtype)), scalar(1, x.dtype), x);

/** Of values `[n, units]` those at indices `[units]`. */
export function atIndex(values: Tensor, index: Tensor): Tensor {
  const rows = np.arange(values.shape[0]).reshape([values.shape[0], 1]);
  const zero = scalar(0, values.dtype);
  return np.where(np.equal(rows, index.reshape([1, -1])), values, zero).sum(0);
}

/** The largest and smallest of the values at the vertices, the first of several. */
function hullBody({ points, isSimplex, symmetric, centre }: Hull): TensorBody {
  const coordinates = constant(points.data, [points.rows, points.cols]);
  const middle = constant(centre, [1, centre.length]);
  const atVertices = (h: Tensor): Tensor => {
    const origin = h.ref.slice([0, 1]);
    const g = h.slice([1, h.shape[0]]);
    if (isSimplex) return np.concatenate([origin.ref, g.add(origin)], 0);
    return np.dot(coordinates(g.dtype), g).add(origin);
  };
  return {
    extremes: h => {
      const values = atVertices(h);
      const fixed = lax.stopGradient(values.ref);
      const [first, last] = [np.argmin(fixed.ref, 0), np.argmax(fixed, 0)];
      return { lo: atIndex(values.ref, first), hi: atIndex(values, last) };
    },
    majority: (h, threshold) => {
      const kink = scalar(threshold, h.dtype);
      const centred = np
        .dot(middle(h.dtype), h.ref.slice([1, h.shape[0]]))
        .add(h.ref.slice([0, 1]))
        .slice(0);
      const votes = np.sign(atVertices(h).sub(kink.ref)).sum(0);
      const zero = scalar(0, votes.dtype);
      if (!symmetric) {
        centred.dispose();
        kink.dispose();
        return sideWhere(np.greaterEqual(votes, zero));
      }
      const tied = np.greaterEqual(centred, kink);
      return sideWhere(np.where(np.equal(votes.ref, zero.ref), tied, np.greater(votes, zero)));
    },
  };
}

interface Hull {
  /** Frame coordinates `[P, d]`. */
  readonly points: Matrix;
  readonly isSimplex: boolean;
  readonly symmetric: boolean;
  readonly centre: Float64Array;
}

/** +1 where true, else −1. */
export const sideWhere = (condition: Tensor): Tensor =>
  np.where(condition, np.array(1, { dtype: np.int32 }), np.array(-1, { dtype: np.int32 }));
