import { type Matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import { sumErrorBound, UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { affineFrame } from '../hull/affine-frame.js';
import { distinctRows } from '../hull/distinct-rows.js';
import { extremePoints } from '../hull/extreme-points.js';
import type { HullCorners } from '../hull/hull-corners.js';
import { polygonCorners } from '../hull/polygon-corners.js';
import type { Region } from '../region.js';
import { checkedVertices, vPolytope } from './vertices.js';

/** How far {@link convexHull} has come; the first report, with nothing decided, says how large the task is. */
export interface HullProgress {
  /** Distinct points looked at so far, of how many. */
  readonly decided: number;
  readonly points: number;
  /** Dimensions that the points span. Above 2, the work grows as points · vertices · dimensions². */
  readonly dimensions: number;
  /** Vertices found so far. */
  readonly vertices: number;
}

/** What {@link convexHull} takes besides its points. */
export interface HullOptions {
  /** Called before the search, now and then on the way, and at the end. @defaultValue none */
  readonly onProgress?: (progress: HullProgress) => void;
}

/**
 * The convex hull of data points `[N][D]` in any position, duplicates and flat data included: the `vPolytope` of those
 * points that are no convex combination of the others.
 *
 * Points on a face or edge count as redundant where rounding cannot tell; how far such a point may lie from the hull of
 * the points kept is computed and goes into `slack` (some units in the last place), so that every point given lies in
 * the region represented.
 *
 * Duplicates go first. Points that span a line or a plane cost a sort; others about a least-squares problem each, over the
 * points kept so far: 800 points in ten dimensions take some seconds, `onProgress` says how far it is. Throws as `vPolytope`
 * does.
 *
 * @example
 * convexHull([[0, 0], [1, 0], [0, 1], [0.2, 0.2]])
 */
export function convexHull(points: readonly ArrayLike<number>[], { onProgress }: HullOptions = {}): Region {
  const given = checkedVertices('convexHull', points);
  const rows = selected(given, distinctRows(given));
  // Barycentric coordinates of size about 1: convex combinations are the same in them, and of any data's scales.
  const { coordinates } = affineFrame(rows);
  const corners = cornersOf(coordinates, onProgress);
  const kept = [...corners.kept].sort((p, q) => p - q);
  const hull = kept.map(p => Array.from(rowOf(rows, p)));
  if (kept.length === rows.rows) return vPolytope(hull);
  return vPolytope(hull, deviation(rows, corners));
}

function selected(points: Matrix, indices: readonly number[]): Matrix {
  return matrixFromRows(
    indices.map(p => rowOf(points, p)),
    points.cols,
  );
}

/** Reports come after this many points. */
const REPORT_EVERY = 256;

function cornersOf(coordinates: Matrix, onProgress?: (progress: HullProgress) => void): HullCorners {
  const { rows: points, cols: dimensions } = coordinates;
  const report = (decided: number, vertices: number) => {
    onProgress?.({ decided, points, dimensions, vertices });
  };
  report(0, 0);
  const tolerance = fitTolerance(dimensions);
  if (dimensions <= 2) {
    const corners = polygonCorners(coordinates, tolerance);
    report(points, corners.kept.length);
    return corners;
  }
  return extremePoints(coordinates, tolerance, (decided, vertices) => {
    if (decided % REPORT_EVERY === 0 || decided === points) report(decided, vertices);
  });
}

/** Outweighs the rounding of a fit to points of size about 1 in d dimensions, and of their coordinates. */
function fitTolerance(d: number): number {
  return 256 * (d + 1) * UNIT_ROUNDOFF;
}

/** Bound `[D]` on the distance of any point from the hull of those kept, entry by entry. */
function deviation(rows: Matrix, { kept, combination }: HullCorners): Float64Array {
  const { cols, data } = rows;
  const bound = new Float64Array(cols);
  const isKept = new Set(kept);
  for (let p = 0; p < rows.rows; p++) {
    if (isKept.has(p)) continue;
    const { members, weights } = combination(p);
    const total = weights.reduce((sum, w) => sum + w, 0);
    for (let k = 0; k < cols; k++) {
      const x = data[p * cols + k];
      let nearest = 0;
      let magnitude = Math.abs(x);
      members.forEach((q, i) => {
        const term = (weights[i] / total) * data[q * cols + k];
        nearest += term;
        magnitude += Math.abs(term);
      });
      // The weights over their sum, the products and the sum of them round: as often as there are weights, and some.
      const rounding = sumErrorBound(2 * members.length + 4, magnitude);
      bound[k] = Math.max(bound[k], Math.abs(x - nearest) + rounding);
    }
  }
  return bound;
}
