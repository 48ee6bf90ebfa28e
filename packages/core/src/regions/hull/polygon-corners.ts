import type { Matrix } from '../../numeric/matrix.js';
import type { Combination, HullCorners } from './hull-corners.js';
import { planarHull } from './planar-hull.js';

type Point = readonly [number, number];

/**
 * The corners of the hull of points `[P, d]` of d ≤ 2 coordinates: those of the exact hull, less what lies within
 * `tolerance` of the polygon of the others (Douglas & Peucker 1973). Costs a sort, then a binary search for each combination.
 */
export function polygonCorners(points: Matrix, tolerance: number): HullCorners {
  const at = (p: number): Point => [
    points.cols > 0 ? points.data[p * points.cols] : 0,
    points.cols > 1 ? points.data[p * points.cols + 1] : 0,
  ];
  const kept = simplified(planarHull(points).vertices, at, tolerance);
  return { kept, combination: p => nearTo(at(p), kept, at) };
}

function simplified(
  polygon: readonly number[],
  at: (p: number) => Point,
  tolerance: number,
): readonly number[] {
  if (polygon.length <= 2) return polygon;
  // From the first to the vertex farthest from it and back.
  const [x, y] = at(polygon[0]);
  const distances = polygon.map(p => Math.hypot(at(p)[0] - x, at(p)[1] - y));
  const far = distances.indexOf(distances.reduce((a, b) => Math.max(a, b)));
  const kept = [
    ...cornersOf(polygon.slice(0, far + 1), at, tolerance),
    ...cornersOf([...polygon.slice(far), polygon[0]], at, tolerance),
  ];
  // The first may itself be in the middle of a side but for rounding.
  if (kept.length > 2 && distanceTo(at(kept[0]), at(kept.at(-1)!), at(kept[1])) <= tolerance) kept.shift();
  return kept;
}

/** Of a chain the first and what is farther than `tolerance` from the line between corners; not the last. */
function cornersOf(chain: readonly number[], at: (p: number) => Point, tolerance: number): number[] {
  const corners: number[] = [];
  const parts = [[0, chain.length - 1]];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [from, to] = part;
    const between = chain.slice(from + 1, to);
    const distances = between.map(p => distanceTo(at(p), at(chain[from]), at(chain[to])));
    const most = distances.reduce((a, b) => Math.max(a, b), 0);
    // On a side that is parallel to the line all are as far but for rounding: the first of them is a corner.
    const farthest = distances.findIndex(distance => distance > tolerance && distance >= most - tolerance);
    if (farthest < 0) corners.push(chain[from]);
    else parts.push([from + 1 + farthest, to], [from, from + 1 + farthest]);
  }
  return corners;
}

/** Distance of a point from a segment. */
function distanceTo([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const share = shareAlong([x, y], [ax, ay], [bx, by]);
  return Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay));
}

/** In the triangle of the first corner and two neighbours that the point lies in, or is nearest to. */
function nearTo(point: Point, kept: readonly number[], at: (p: number) => Point): Combination {
  const [first] = kept;
  if (kept.length === 1) return { members: [first], weights: [1] };
  let low = 1;
  let high = kept.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (turn(at(first), at(kept[middle]), point) >= 0) low = middle;
    else high = middle;
  }
  const [a, b, c] = [at(first), at(kept[low]), at(kept[high])];
  // Where the ray from a through the point meets bc, then how far along it the point is: each rounds by no more than itself.
  const parts = [Math.max(0, turn(a, b, point)), Math.max(0, turn(c, a, point))];
  const s = parts[0] === 0 ? 0 : parts[0] / (parts[0] + parts[1]);
  const along = shareAlong(point, a, [b[0] + s * (c[0] - b[0]), b[1] + s * (c[1] - b[1])]);
  return { members: [first, kept[low], kept[high]], weights: [1 - along, along * (1 - s), along * s] };
}

/** How far along a segment the point is, from 0 to 1. */
function shareAlong([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const square = (bx - ax) ** 2 + (by - ay) ** 2;
  if (square === 0) return 0;
  return Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square));
}

/** Twice the area of the triangle, positive if it turns left. */
function turn([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}
