import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import { type Matrix, matrix, matrixFromRows, multiplyTransposed, rowOf } from '../../numeric/matrix.js';
import { sumErrorBound } from '../../numeric/precision.js';
import type { RegionJSON } from '../json-type.js';
import { centreOf, type Region, regionOf } from '../region.js';

/**
 * A linear map ℝᴰ → ℝᴱ: rows `[E, D]`, or a vector `[D]`, the diagonal of a diagonal matrix (a scaling of each
 * coordinate, as in data normalisation).
 */
export type LinearMap = readonly ArrayLike<number>[] | ArrayLike<number>;

/**
 * The image {A x + b : x in the region} under a known affine map; b `[E]` is 0 by default. A may be any matrix: of low
 * rank, to fewer or to more dimensions.
 *
 * Frame coordinates, and with them range, extremes and votes, are those of the region given; only the frame is mapped.
 * `slack` covers the rounding of the mapped frame, so that the true image lies in the region represented. `sample` maps
 * the samples of the region given. Throws `shape`, `not-finite` or `empty-region` (E = 0).
 *
 * @example
 * // Pixels of 0 … 255 around an image, normalised as the network wants them.
 * const pixels = boxAround(image, 3);
 * imageUnder(pixels, image.map(() => 1 / (255 * std)), image.map(() => -mean / std));
 */
export function imageUnder(region: Region, A: LinearMap, b?: ArrayLike<number>): Region {
  const map = checkedMap(region, A, b);
  return imageRegion('image', region, map, () => ({
    kind: 'image',
    region: region.toJSON(),
    matrix: copyOf(A),
    offset: Array.from(map.offset),
  }));
}

/**
 * A region in an affine subspace of ℝᴰ: {origin + Σ uᵢ basisᵢ : u in the region}, for a region of k dimensions and k
 * basis vectors `[k, D]`, in any position. Otherwise as {@link imageUnder}.
 */
export function inSubspace(
  region: Region,
  origin: ArrayLike<number>,
  basis: readonly ArrayLike<number>[],
): Region {
  assertSize(basis.length, region.size, 'inSubspace', 'a basis');
  basis.forEach((row, i) => {
    assertSize(row.length, origin.length, `inSubspace basis vector ${i}`, 'a vector');
  });
  const columns = Array.from(origin, (_, k) => basis.map(row => row[k]));
  return imageRegion('subspace', region, checkedMap(region, columns, origin, 'subspace'), () => ({
    kind: 'subspace',
    region: region.toJSON(),
    origin: Array.from(origin),
    basis: basis.map(row => Array.from(row)),
  }));
}

/**
 * The region scaled about its centre (the mean of the vertices) by a factor ≥ 0; 0 leaves the centre alone. By 1 it is
 * the region itself. Throws `invalid-option` for a negative factor, or `not-finite`.
 */
export function scaled(region: Region, factor: number): Region {
  assertFinite([factor], 'scaled factor');
  if (factor < 0) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'scaled factor',
      expected: 'a number ≥ 0',
      actual: `${factor}`,
    });
  }
  if (factor === 1) return region;
  const centre = centreOf(region);
  // The centre is off by the frame's own error and by its rounding as a mean; then 1 − factor and the product round.
  const reach = region.reach(region.frame);
  const terms = region.body.terms + region.frame.rows + 8;
  const map: AffineImage = {
    linear: centre.map(() => factor),
    offset: centre.map(c => (1 - factor) * c),
    offsetError: region.slack.map((s, k) => Math.abs(1 - factor) * (s + sumErrorBound(terms, reach[k]))),
  };
  return imageRegion('scaled', region, map, () => ({ kind: 'scaled', region: region.toJSON(), factor }));
}

/** x ↦ A x + b, with the diagonal of A where it is diagonal. */
interface AffineImage {
  readonly linear: Matrix | Float64Array;
  readonly offset: Float64Array;
  /** Bound on the error of the offset, where it is not given but computed. */
  readonly offsetError?: Float64Array;
}

function isRows(A: LinearMap): A is readonly ArrayLike<number>[] {
  return Array.isArray(A) && (A.length === 0 || typeof A[0] !== 'number');
}

function copyOf(A: LinearMap): number[][] | number[] {
  return isRows(A) ? A.map(row => Array.from(row)) : Array.from(A);
}

function checkedMap(region: Region, A: LinearMap, b?: ArrayLike<number>, where = 'image'): AffineImage {
  if (A.length === 0) {
    throw new PoliceError({
      code: 'empty-region',
      where,
      expected: 'at least one coordinate',
      actual: 'a map to none',
    });
  }
  const offset = Float64Array.from(b ?? new Float64Array(A.length));
  assertSize(offset.length, A.length, `${where} offset`, 'a vector');
  assertFinite(offset, `${where} offset`);
  if (!isRows(A)) {
    assertSize(A.length, region.size, `${where} matrix`, 'a diagonal');
    assertFinite(A, `${where} matrix`);
    return { linear: Float64Array.from(A), offset };
  }
  A.forEach((row, i) => {
    assertSize(row.length, region.size, `${where} matrix row ${i}`, 'a row');
    assertFinite(row, `${where} matrix row ${i}`);
  });
  return { linear: matrixFromRows(A), offset };
}

/** Outweighs the rounding of computing a bound. */
const BOUND_INFLATION = 1 + 2 ** -20;

function imageRegion(
  kind: RegionJSON['kind'],
  region: Region,
  { linear, offset, offsetError }: AffineImage,
  json: () => RegionJSON,
): Region {
  const { body } = region;
  const frame = applyLinear(linear, region.frame);
  for (let k = 0; k < frame.cols; k++) frame.data[k] += offset[k];
  assertFinite(frame.data, `${kind} frame`, 'The map overflows on the region.');
  const absolute = absoluteOf(linear);
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const carried = applyLinear(absolute, row(region.slack)).data;
  // Each entry of origin and directions is a sum of `terms` products, and Σ|λᵢ frameᵢ| is within reach.
  const magnitude = applyLinear(absolute, row(body.reach(region.frame))).data;
  const terms = (linear instanceof Float64Array ? 1 : region.size) + 2;
  const slack = carried.map(
    (s, k) =>
      (s + (offsetError?.[k] ?? 0) + sumErrorBound(terms, magnitude[k] + Math.abs(offset[k]))) *
      BOUND_INFLATION,
  );
  return regionOf({ kind, frame, slack, body, json });
}

/** A times every row of x, without b. */
function applyLinear(linear: Matrix | Float64Array, x: Matrix): Matrix {
  if (!(linear instanceof Float64Array)) return multiplyTransposed(x, linear);
  const y = matrix(x.rows, x.cols, x.data.slice());
  for (let i = 0; i < y.rows; i++) {
    const row = rowOf(y, i);
    for (let k = 0; k < row.length; k++) row[k] *= linear[k];
  }
  return y;
}

function absoluteOf(linear: Matrix | Float64Array): Matrix | Float64Array {
  if (linear instanceof Float64Array) return linear.map(Math.abs);
  return { ...linear, data: linear.data.map(Math.abs) };
}
