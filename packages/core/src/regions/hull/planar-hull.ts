import { orient2d } from 'robust-predicates';
import type { Matrix } from '../../numeric/matrix.js';

/** Up to this many vertices looking at all of them is quicker than searching. */
export const FEW_VERTICES = 8;

/** The vertices of a convex polygon, for extremes in any direction at the cost of a binary search. */
export interface PlanarHull {
  /** The farthest of the points along (x, y): the first of those equally far. */
  farthest(x: number, y: number): number;
}

/**
 * The convex hull of points `[P, 2]`, or of numbers `[P, 1]`, found with exact orientation tests (Shewchuk 1997, Adaptive
 * precision floating-point arithmetic and fast robust geometric predicates; Andrew's monotone chain).
 *
 * The edges of a convex polygon turn one way, so the farthest vertex along g lies where their angle passes that of g plus
 * a quarter turn. Angles are rounded, which may miss by a vertex or two where edges are as good as parallel; the
 * neighbours are looked at, and what could still be missed is below the rounding of the products themselves.
 */
export function planarHull(points: Matrix): PlanarHull {
  const at = (p: number, k: number) => (k < points.cols ? points.data[p * points.cols + k] : 0);
  const hull = counterClockwise(points.rows, at);
  const count = hull.length;
  const angles = edgeAngles(hull, at);
  return {
    farthest: (x, y) => {
      let best = hull[0];
      let most = Number.NEGATIVE_INFINITY;
      const middle = count > 3 ? firstAtLeast(angles, quarterTurned(x, y, angles[0])) : 0;
      const from = count > 3 ? middle - NEIGHBOURS : 0;
      const to = count > 3 ? middle + NEIGHBOURS : count - 1;
      for (let i = from; i <= to; i++) {
        const p = hull[((i % count) + count) % count];
        const value = at(p, 0) * x + at(p, 1) * y;
        if (value > most || (value === most && p < best)) {
          most = value;
          best = p;
        }
      }
      return best;
    },
  };
}

/** Vertices on either side of the one found that are looked at too. */
const NEIGHBOURS = 2;

/** Indices of the hull's vertices, counter-clockwise from the lowest of the leftmost; of equal points the first. */
function counterClockwise(count: number, at: (p: number, k: number) => number): number[] {
  const order = Array.from({ length: count }, (_, p) => p).sort(
    (p, q) => at(p, 0) - at(q, 0) || at(p, 1) - at(q, 1) || p - q,
  );
  const distinct = order.filter(
    (p, i) => i === 0 || at(p, 0) !== at(order[i - 1], 0) || at(p, 1) !== at(order[i - 1], 1),
  );
  if (distinct.length <= 2) return distinct;
  const lower = halfHull(distinct, at);
  const upper = halfHull([...distinct].reverse(), at);
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function halfHull(order: readonly number[], at: (p: number, k: number) => number): number[] {
  const chain: number[] = [];
  for (const p of order) {
    // orient2d is positive for a turn to the right, its y axis pointing down.
    while (chain.length >= 2 && !turnsLeft(chain.at(-2)!, chain.at(-1)!, p, at)) chain.pop();
    chain.push(p);
  }
  return chain;
}

function turnsLeft(a: number, b: number, c: number, at: (p: number, k: number) => number): boolean {
  return orient2d(at(a, 0), at(a, 1), at(b, 0), at(b, 1), at(c, 0), at(c, 1)) < 0;
}

/** Angles of the edges from each vertex to the next, rising over one turn. */
function edgeAngles(hull: readonly number[], at: (p: number, k: number) => number): Float64Array {
  const angles = new Float64Array(hull.length);
  hull.forEach((p, i) => {
    const q = hull[(i + 1) % hull.length];
    const angle = Math.atan2(at(q, 1) - at(p, 1), at(q, 0) - at(p, 0));
    angles[i] = i > 0 && angle < angles[0] ? angle + 2 * Math.PI : angle;
    // Rounding may not turn the order around.
    if (i > 0) angles[i] = Math.max(angles[i], angles[i - 1]);
  });
  return angles;
}

/** The angle of (x, y) and a quarter turn, within one turn from `start`. */
function quarterTurned(x: number, y: number, start: number): number {
  let angle = Math.atan2(x, -y);
  while (angle < start) angle += 2 * Math.PI;
  return angle;
}

/** The first index whose angle is at least that; all are below: the first vertex again. */
function firstAtLeast(angles: Float64Array, angle: number): number {
  let low = 0;
  let high = angles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (angles[middle] < angle) low = middle + 1;
    else high = middle;
  }
  return low;
}
