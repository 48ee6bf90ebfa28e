import { type Matrix, matrix, rowOf } from '../../numeric/matrix.js';
import { determinant } from './determinant.js';

/**
 * Volume of the hull of points `[P, d]`, given its facets by the points on them: cones from a point to the facets that it is
 * not on, and the same within each facet, down to simplices (Cohen and Hickey, 1979). Undefined for more than `limit` simplices.
 */
export function hullVolume(
  points: Matrix,
  facets: readonly (readonly number[])[],
  limit: number,
): number | undefined {
  const sets = facets.map(facet => new Set(facet));
  let simplices = 0;
  let volume = 0;
  /** The face spanned by `members`, of `dimension`, after the apexes of the cones around it. */
  const visit = (members: readonly number[], dimension: number, apexes: readonly number[]): boolean => {
    if (dimension === 0) {
      if (++simplices > limit) return false;
      volume += simplexVolume(points, [...apexes, members[0]]);
      return true;
    }
    const apex = members[0];
    return facesOf(members, sets)
      .filter(face => !face.includes(apex))
      .every(face => visit(face, dimension - 1, [...apexes, apex]));
  };
  const all = Array.from({ length: points.rows }, (_, p) => p);
  return visit(all, points.cols, []) ? volume : undefined;
}

/** The facets of a face: what it shares with the facets that do not hold it, the largest of these. */
function facesOf(members: readonly number[], facets: readonly ReadonlySet<number>[]): number[][] {
  const shared = facets
    .map(facet => members.filter(p => facet.has(p)))
    .filter(face => face.length > 0 && face.length < members.length);
  const distinct = [...new Map(shared.map(face => [face.join(), face])).values()];
  const sets = distinct.map(face => new Set(face));
  return distinct.filter(
    (face, i) =>
      !sets.some((other, k) => k !== i && other.size > face.length && face.every(p => other.has(p))),
  );
}

function simplexVolume(points: Matrix, [first, ...others]: readonly number[]): number {
  const d = others.length;
  const edges = matrix(d, d);
  const origin = rowOf(points, first);
  others.forEach((p, i) => {
    edges.data.set(
      rowOf(points, p).map((x, k) => x - origin[k]),
      i * d,
    );
  });
  let factorial = 1;
  for (let k = 2; k <= d; k++) factorial *= k;
  return Math.abs(determinant(edges)) / factorial;
}
