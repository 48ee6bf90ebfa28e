import { type Matrix, rowOf } from '../../numeric/matrix.js';
import {
  dot,
  type ExactWork,
  extremeRays,
  type IntVector,
  independentRows,
  MAX_WORK,
  TooMuchWork,
} from './double-description.js';
import { integersOf, quotient } from './rationals.js';

/** Rounded some 2⁻⁵⁰, points of one facet no longer lie on one; far fewer digits tell facets that are meant apart. */
const FLATNESS = 2 ** -36;

/**
 * For each facet of the hull of points `[P, d]` of size 1 that span all d dimensions, the points that lie on it, ascending. Undefined for
 * more than `limit` facets, in exact arithmetic or on the way.
 *
 * A facet is an extreme ray (b, a) of the cone {b + a · x ≥ 0 at every point}: the double description, read the other way. What rounding has split
 * is put together again: points within {@link FLATNESS} of a facet, measured in the width of the hull across it, lie on it.
 */
export function facetsOf(points: Matrix, limit: number): number[][] | undefined {
  const rows = cone(points);
  const rays = facetRays(points, limit);
  const heights = rays?.map(ray => rows.map(row => quotient(dot(row, ray), row[0])));
  // Whole numbers beyond float64 come of coordinates of very different sizes.
  if (!heights?.every(each => each.every(Number.isFinite))) return undefined;
  return largestSets(heights.map(lowest));
}

/**
 * The facets' rays (b, a), b + a · x ≥ 0 on the hull, as whole numbers; of points that rounding has moved, several for a facet. Undefined
 * for more than `limit`, or where they would take too long.
 */
export function facetRays(points: Matrix, limit: number): IntVector[] | undefined {
  const rows = cone(points);
  const work: ExactWork = { ...MAX_WORK };
  try {
    return extremeRays(rows, independentRows(rows, work).rows, limit, work);
  } catch (error) {
    if (error instanceof TooMuchWork) return undefined;
    throw error;
  }
}

const cone = (points: Matrix): IntVector[] =>
  Array.from({ length: points.rows }, (_, p) => integersOf([1, ...rowOf(points, p)]));

function lowest(heights: readonly number[]): number[] {
  const width = heights.reduce((most, height) => Math.max(most, height), 0);
  return heights.flatMap((height, p) => (height <= FLATNESS * width ? [p] : []));
}

/** Each set once, and none that lies in another. */
function largestSets(lists: readonly number[][]): number[][] {
  const distinct = [...new Map(lists.map(list => [list.join(), list])).values()];
  const sets = distinct.map(list => new Set(list));
  return distinct.filter(
    (list, i) =>
      !sets.some((other, k) => k !== i && other.size > list.length && list.every(p => other.has(p))),
  );
}
