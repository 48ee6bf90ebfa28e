import { orient2d } from 'robust-predicates';
import type { Matrix } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { integersOf } from './rationals.js';

/** Up to this many vertices looking at all of them is quicker than searching. */
export const FEW_VERTICES = 8;

/** The vertices of a convex polygon, for extremes in any direction at the cost of a binary search. */
export interface PlanarHull {
  /** Indices of the vertices, counter-clockwise from the lowest of the leftmost; of equal points the first. */
  readonly vertices: readonly number[];
  /** The vertex farthest along (x, y), in exact arithmetic: of two equally far the first. */
  farthest(x: number, y: number): number;
}

/**
 * The convex hull of points `[P, 2]`, or of numbers `[P, 1]`, found with exact orientation tests (Shewchuk 1997, Adaptive
 * precision floating-point arithmetic and fast robust geometric predicates; Andrew's monotone chain).
 *
 * Along the lower chain, from the leftmost vertex to the rightmost, and along the upper chain back, edges turn one way.
 * So edge · g, for a g that points down or up, is positive up to the farthest vertex and negative beyond. Its sign is that of
 * the true number, so the search cannot go astray where edges are as good as parallel. (Orientation tests are exact unless
 * products of differences underflow: with points 10⁻¹⁵⁰ apart.)
 */
export function planarHull(points: Matrix): PlanarHull {
  const { lower, upper } = chains(points);
  const vertices = [...lower.slice(0, -1), ...upper.slice(0, -1)];
  if (vertices.length === 0) vertices.push(lower[0]);
  const first = vertices.reduce((a, b) => Math.min(a, b));
  return {
    vertices,
    farthest: (x, y) => {
      if (x === 0 && y === 0) return first;
      return farthestOf(y < 0 || (y === 0 && x > 0) ? lower : upper, points, x, y);
    },
  };
}

const entry = ({ data, cols }: Matrix, p: number, k: number) => (k < cols ? data[p * cols + k] : 0);

/** The lower hull from the lowest of the leftmost points to the highest of the rightmost, and the upper hull back. */
function chains(points: Matrix): { lower: number[]; upper: number[] } {
  const xs = Float64Array.from({ length: points.rows }, (_, p) => entry(points, p, 0));
  const ys = Float64Array.from({ length: points.rows }, (_, p) => entry(points, p, 1));
  const order = Array.from(xs.keys()).sort((p, q) => xs[p] - xs[q] || ys[p] - ys[q] || p - q);
  const distinct = order.filter(
    (p, i) => i === 0 || xs[p] !== xs[order[i - 1]] || ys[p] !== ys[order[i - 1]],
  );
  // orient2d is positive for a turn to the right, its y axis pointing down.
  const turnsLeft = (a: number, b: number, c: number) =>
    orient2d(xs[a], ys[a], xs[b], ys[b], xs[c], ys[c]) < 0;
  const lower = halfHull(distinct, turnsLeft);
  return { lower, upper: halfHull(distinct.reverse(), turnsLeft) };
}

function halfHull(
  order: readonly number[],
  turnsLeft: (a: number, b: number, c: number) => boolean,
): number[] {
  const chain: number[] = [];
  for (const p of order) {
    while (chain.length >= 2 && !turnsLeft(chain.at(-2)!, chain.at(-1)!, p)) chain.pop();
    chain.push(p);
  }
  return chain;
}

/** The vertex before the first edge that does not lead farther; the one after it where both are equally far and it is first. */
function farthestOf(chain: readonly number[], points: Matrix, x: number, y: number): number {
  let low = 0;
  let high = chain.length - 1;
  let next = -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const sign = gain(points, chain[middle], chain[middle + 1], x, y);
    if (sign > 0) {
      low = middle + 1;
    } else {
      high = middle;
      // Edges are not parallel, so at most one is neither.
      if (sign === 0) next = chain[middle + 1];
    }
  }
  return next < 0 ? chain[low] : Math.min(chain[low], next);
}

/** Differences, products and their sum round thrice; twice that covers the rounding of the bound. */
const GAIN_ERROR = 6 * UNIT_ROUNDOFF;
/** Below this size products may have lost digits by underflow. */
const SAFE_SIZE = 2 ** -960;

/** A number of the sign of (q − p) · (x, y), exactly. */
function gain(points: Matrix, p: number, q: number, x: number, y: number): number {
  const [px, py, qx, qy] = [
    entry(points, p, 0),
    entry(points, p, 1),
    entry(points, q, 0),
    entry(points, q, 1),
  ];
  const along = (qx - px) * x;
  const across = (qy - py) * y;
  const size = Math.abs(along) + Math.abs(across);
  const sum = along + across;
  if (size > SAFE_SIZE && Math.abs(sum) > GAIN_ERROR * size) return sum;
  const [ax, ay, bx, by] = integersOf([px, py, qx, qy]);
  const [gx, gy] = integersOf([x, y]);
  const exact = (bx - ax) * gx + (by - ay) * gy;
  return exact > 0n ? 1 : exact < 0n ? -1 : 0;
}
