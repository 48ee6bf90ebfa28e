import { type Matrix, matrixFromRows } from '@police/core';
import { affineFrame, FEW_VERTICES, planarHull } from '@police/core/adapter';

/**
 * The hull of points in at most two dimensions. Frame values of a unit lie at `at` (the origin) and every `units` further
 * on (the directions).
 */
export interface PlanarBody {
  /** Frame coordinates without the leading 1, `[P, d]`. */
  readonly points: Matrix;
  /** The point where the unit is lowest (`side` −1) or highest (+1); of equal ones the first. */
  farthest(h: Float64Array, at: number, units: number, side: number): number;
  valueAt(point: number, h: Float64Array, at: number, units: number): number;
}

/** Of vertices `[P][D]` that span at most two dimensions. Where there are many an extreme costs a binary search. */
export function planarBody(vertices: readonly ArrayLike<number>[]): PlanarBody {
  const points = affineFrame(matrixFromRows(vertices)).coordinates;
  const { rows: count, cols: d, data } = points;
  const valueAt: PlanarBody['valueAt'] = (point, h, at, units) => {
    let relative = 0;
    for (let i = 0, row = at + units; i < d; i++, row += units) relative += data[point * d + i] * h[row];
    return h[at] + relative;
  };
  if (d === 0 || count <= FEW_VERTICES) {
    return {
      points,
      valueAt,
      farthest: (h, at, units, side) => {
        let best = 0;
        let most = -Infinity;
        for (let p = 0; p < count; p++) {
          const value = side * valueAt(p, h, at, units);
          if (value > most) {
            most = value;
            best = p;
          }
        }
        return best;
      },
    };
  }
  const hull = planarHull(points);
  return {
    points,
    valueAt,
    farthest: (h, at, units, side) =>
      hull.farthest(side * h[at + units], d > 1 ? side * h[at + 2 * units] : 0),
  };
}
