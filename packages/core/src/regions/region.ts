import { assertSize } from '../errors.js';
import { addToRows, type Matrix, matrix, multiply, rowOf, rowRange } from '../matrix.js';
import { UNIT_ROUNDOFF } from '../precision.js';
import type { Rng } from '../random.js';
import type { RegionJSON } from './json.js';

/** Exact extremes of affine functionals over a region, one per column: `lo` and `hi` are `[units]`. */
export interface Range {
  readonly lo: Float64Array;
  readonly hi: Float64Array;
}

/**
 * A bounded convex region R of ℝᴰ, known through its frame: a point of R and d directions that span R's
 * affine hull. Every x in R is `origin + Σ λᵢ directionᵢ` for λ in a fixed convex set that the kind defines.
 *
 * An affine function on R is fixed by its *frame values* `h` `[d + 1, units]`: row 0 the value at the origin,
 * row i the change along direction i. All methods below take such blocks, one functional per column, and cost
 * no more than the frame: vertices are never listed unless they define the region.
 *
 * Laws: `range` is attained at `extremes`; `reach` bounds |h₀| + Σ|λᵢ hᵢ| over R; `sample` is contained.
 */
export interface Region {
  readonly kind: RegionJSON['kind'];
  /** D, the number of coordinates. */
  readonly size: number;
  /** `[d + 1, D]`: the origin, then the directions. */
  readonly frame: Matrix;
  /** The radii `[D]` when the directions are `radiusᵢ · eᵢ` for every coordinate, so that products with them are scalings. */
  readonly diagonal?: Float64Array;
  /** Bound `[D]` on how far a point of the region lies from its rounded frame coordinates. */
  readonly slack: Float64Array;
  /** Whether the region is symmetric about its centre, which settles tied votes. */
  readonly symmetric: boolean;
  /** Frame coordinates λ `[d]` of the centre (the mean of the vertices). */
  readonly centre: Float64Array;
  range(h: Matrix): Range;
  /**
   * Frame coordinates `[d + 1, units]` of a point attaining the minimum (`side` −1) or maximum (+1); row 0 is
   * 1. This is also the subgradient of that extreme in `h`. A column of side 0 is zero. Ties: the first vertex.
   */
  extremes(h: Matrix, side: ArrayLike<number>): Matrix;
  /** `[units]`. */
  reach(h: Matrix): Float64Array;
  /**
   * Share of vertices above `threshold` less the share below, `[units]` in [−1, 1]; the sign at the centre where the
   * vertices are not listed.
   */
  votes(h: Matrix, threshold: number): Float64Array;
  /** Whether x `[D]` lies in the region, up to `tolerance` (default: rounding, see `containmentTolerance`). */
  contains(x: ArrayLike<number>, tolerance?: number): boolean;
  /** A random point `[D]`; each kind documents its distribution. */
  sample(rng: Rng): Float64Array;
  toJSON(): RegionJSON;
}

/** The points `[n, D]` with frame coordinates `[d + 1, n]`, as `extremes` returns them. */
export function pointsAt(region: Region, coordinates: Matrix): Matrix {
  const { rows, cols, data } = coordinates;
  assertSize(rows, region.frame.rows, 'pointsAt', 'coordinates');
  const { diagonal, frame, size } = region;
  if (diagonal) {
    const points = matrix(cols, size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < cols; j++) {
        points.data[j * size + i] = frame.data[i] + diagonal[i] * data[(i + 1) * cols + j];
      }
    }
    return points;
  }
  const transposed = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) transposed[j * rows + i] = data[i * cols + j];
  return multiply({ rows: cols, cols: rows, data: transposed }, frame);
}

/** Values `[units]` of the functionals at frame coordinates λ `[d]`. */
export function valuesAt(h: Matrix, coordinates: Float64Array): Float64Array {
  const directions = rowRange(h, 1, h.rows);
  const row = multiply({ rows: 1, cols: coordinates.length, data: coordinates }, directions);
  return addToRows(row, rowOf(h, 0)).data;
}

/** Rounding allowance of `contains`: D + 8 float64 operations on numbers of the region's size. */
export function containmentTolerance(size: number, largest: number): number {
  return 4 * (size + 8) * UNIT_ROUNDOFF * largest;
}

/** Largest absolute entry. */
export function largestEntry(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}
