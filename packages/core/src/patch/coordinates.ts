import { lengthOf, type Matrix, matrix, multiplyTransposed, rowOf } from '../numeric/matrix.js';
import { centreOf, type Region } from '../regions/region.js';

/** Coordinates of points in which a region is around 0 and of size 1: μ = axes · z, z = (x − centre) / scale. */
export interface Chart {
  /** `[D]`. */
  readonly centre: Float64Array;
  /** `[D]`: the radius of the region along each coordinate; where it has none, the mean of the others. */
  readonly scale: Float64Array;
  /** `[d, D]`, orthonormal rows; absent: μ = z. */
  readonly axes?: Matrix;
}

/**
 * A chart along a region's affine hull: d is its dimension. What is orthogonal to the axes is the distance from the hull.
 */
export interface Coordinates extends Chart {
  readonly axes: Matrix;
  /** `[p, d]`: the directions of the region's frame in μ; lower triangular where they are independent. */
  readonly directions: Matrix;
}

/** A direction of which no more than this share is left beside those before it depends on them. */
const DEPENDENT = 1e-10;

/** Half the width `[D]` of a region along each coordinate; where it has none, the mean of the others (1 of a point). */
export function radiiOf(region: Region): Float64Array {
  const { lo, hi } = region.range(region.frame);
  const radii = lo.map((low, k) => (hi[k] - low) / 2);
  const extended = radii.filter(r => r > 0);
  const mean = extended.length === 0 ? 1 : extended.reduce((sum, r) => sum + r, 0) / extended.length;
  return radii.map(r => (r > 0 ? r : mean));
}

/** Multiply-adds for coordinates of a region's own; where they would take more, its box takes its place. */
const MOST_BASIS_WORK = 2 ** 32;

/** In more dimensions a body around a region has its axes for normals, no diagonals: there are 2ᵈ. */
export const MOST_DIAGONAL_DIMENSIONS = 6;

/** Boxes, points, and what is too large to be looked at in coordinates of its own. */
export function isBoxLike({ kind, body, size, frame, diagonal }: Region): boolean {
  const d = frame.rows - 1;
  if (kind === 'box' || d === 0) return true;
  if (diagonal && (body.unitBall?.kind === 'cube' || d > MOST_DIAGONAL_DIMENSIONS)) return true;
  return d * d * size > MOST_BASIS_WORK;
}

/** Of a box-like region its scaled coordinates, else along its hull. */
export function chartOf(region: Region): Chart {
  return isBoxLike(region) ? { centre: centreOf(region), scale: radiiOf(region) } : coordinatesOf(region);
}

/** Costs d² D. */
export function coordinatesOf(region: Region): Coordinates {
  const scale = radiiOf(region);
  const { frame, size } = region;
  const count = frame.rows - 1;
  const axes: Float64Array[] = [];
  const parts: number[][] = [];
  for (let i = 0; i < count; i++) {
    const rest = rowOf(frame, i + 1).map((x, k) => x / scale[k]);
    const length = lengthOf(rest);
    const along = axes.map(() => 0);
    // Twice: one Gram–Schmidt pass loses orthogonality when little is left.
    for (let pass = 0; pass < 2; pass++) {
      axes.forEach((axis, a) => {
        along[a] += removeComponent(rest, axis);
      });
    }
    const left = lengthOf(rest);
    if (left > DEPENDENT * length) {
      axes.push(rest.map(x => x / left));
      along.push(left);
    }
    parts.push(along);
  }
  const directions = matrix(count, axes.length);
  parts.forEach((along, i) => {
    directions.data.set(along, i * axes.length);
  });
  const rows = matrix(axes.length, size);
  axes.forEach((axis, a) => {
    rows.data.set(axis, a * size);
  });
  return { centre: centreOf(region), scale, axes: rows, directions };
}

/** Takes the component along a unit vector out of a row, and returns it. */
function removeComponent(row: Float64Array, axis: Float64Array): number {
  let dot = 0;
  for (let k = 0; k < axis.length; k++) dot += row[k] * axis[k];
  for (let k = 0; k < axis.length; k++) row[k] -= dot * axis[k];
  return dot;
}

/** Whether the hull is the whole space. */
export function isFull({ axes }: Coordinates): boolean {
  return axes.rows === axes.cols;
}

/** Points x `[n, D]` in μ `[n, d]`. */
export function toCoordinates({ centre, scale, axes }: Chart, x: Matrix): Matrix {
  const z = matrix(
    x.rows,
    x.cols,
    x.data.map((value, i) => (value - centre[i % x.cols]) / scale[i % x.cols]),
  );
  return axes ? multiplyTransposed(z, axes) : z;
}

/** `[d, D]`: the linear part of μ in x, of a chart with axes. */
export function axesPerUnit({ scale, axes }: Coordinates): Matrix {
  return matrix(
    axes.rows,
    axes.cols,
    axes.data.map((a, i) => a / scale[i % axes.cols]),
  );
}
