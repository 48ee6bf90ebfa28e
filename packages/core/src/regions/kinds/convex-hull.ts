import { type Matrix, matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import { sumErrorBound, UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { affineFrame } from '../hull/affine-frame.js';
import { fitInHull } from '../hull/convex-combination.js';
import type { Region } from '../region.js';
import { checkedVertices, vPolytope } from './vertices.js';

/**
 * The convex hull of data points `[N][D]` in any position, duplicates and flat data included: the `vPolytope` of those
 * points that are no convex combination of the others.
 *
 * Points on a face or edge count as redundant where rounding cannot tell; how far such a point may lie from the hull of
 * the points kept is computed and goes into `slack` (some units in the last place), so that every point given lies in
 * the region represented. Costs about N least-squares problems over the points kept. Throws as `vPolytope` does.
 *
 * @example
 * convexHull([[0, 0], [1, 0], [0, 1], [0.2, 0.2]])
 */
export function convexHull(points: readonly ArrayLike<number>[]): Region {
  const rows = checkedVertices('convexHull', points);
  // Barycentric coordinates of size about 1: convex combinations are the same in them, and of any data's scale.
  const { coordinates } = affineFrame(rows);
  const kept = withoutRedundant(coordinates, extremePoints(coordinates)).sort((p, q) => p - q);
  const hull = vPolytopeRows(rows, kept);
  if (kept.length === points.length) return vPolytope(hull);
  return vPolytope(hull, deviation(rows, coordinates, kept));
}

function vPolytopeRows(rows: Matrix, kept: readonly number[]): number[][] {
  return kept.map(p => Array.from(rowOf(rows, p)));
}

function selected(points: Matrix, indices: readonly number[]): Matrix {
  return matrixFromRows(
    indices.map(p => rowOf(points, p)),
    points.cols,
  );
}

/** Outweighs the rounding of a fit to `count` points of size about 1 in d dimensions. */
function fitTolerance(count: number, d: number): number {
  return 64 * (count + d + 1) * UNIT_ROUNDOFF;
}

/** Points whose hull is that of all, to rounding, and few besides: each was the farthest of all in some direction. */
function extremePoints(points: Matrix): number[] {
  const { rows: count, cols: d } = points;
  const kept = [0];
  const isKept = new Uint8Array(count);
  isKept[0] = 1;
  for (let p = 0; p < count; p++) {
    while (!isKept[p]) {
      const { distance, residual } = fitInHull(selected(points, kept), rowOf(points, p));
      if (distance <= fitTolerance(kept.length, d)) break;
      const farthest = farthestAlong(points, residual);
      // Rounding may name a point already kept; then the point itself is extreme enough.
      const next = isKept[farthest] ? p : farthest;
      isKept[next] = 1;
      kept.push(next);
    }
  }
  return kept;
}

function farthestAlong(points: Matrix, direction: readonly number[]): number {
  let best = { index: 0, height: Number.NEGATIVE_INFINITY };
  for (let p = 0; p < points.rows; p++) {
    const height = rowOf(points, p).reduce((sum, x, i) => sum + x * direction[i], 0);
    if (height > best.height) best = { index: p, height };
  }
  return best.index;
}

/** A farthest point may be one of several, in the middle of a face: drops each that the others span. */
function withoutRedundant(points: Matrix, indices: readonly number[]): number[] {
  let kept = [...indices];
  for (const p of indices) {
    const others = kept.filter(q => q !== p);
    if (others.length === 0) break;
    const { distance } = fitInHull(selected(points, others), rowOf(points, p));
    if (distance <= fitTolerance(others.length, points.cols)) kept = others;
  }
  return kept;
}

/** Bound `[D]` on the distance of any point from the hull of those kept, entry by entry. */
function deviation(rows: Matrix, coordinates: Matrix, kept: readonly number[]): Float64Array {
  const hull = selected(coordinates, kept);
  const bound = new Float64Array(rows.cols);
  const isKept = new Set(kept);
  for (let p = 0; p < rows.rows; p++) {
    if (isKept.has(p)) continue;
    const { weights } = fitInHull(hull, rowOf(coordinates, p));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const nearest = matrix(1, rows.cols);
    const magnitude = rowOf(rows, p).map(Math.abs);
    kept.forEach((q, i) => {
      const weight = weights[i] / total;
      for (let k = 0; k < rows.cols; k++) {
        const term = weight * rows.data[q * rows.cols + k];
        nearest.data[k] += term;
        magnitude[k] += Math.abs(term);
      }
    });
    // The weights over their sum, the products and the sum of them round: as often as there are weights, and some.
    for (let k = 0; k < rows.cols; k++) {
      const distance = Math.abs(rows.data[p * rows.cols + k] - nearest.data[k]);
      bound[k] = Math.max(bound[k], distance + sumErrorBound(2 * kept.length + 4, magnitude[k]));
    }
  }
  return bound;
}
