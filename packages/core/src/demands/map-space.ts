import { assertFinite, assertSize, PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { type Matrix, multiplyTransposed } from '../numeric/matrix.js';
import { centreOf, type Region } from '../regions/region.js';

/**
 * Affine maps on a region as points of ℝⁿ, in which "nearest" is meant: the entries of A `[out, in]`, row by row, then the values `[out]` at
 * the region's centre over its radius, so that both are outputs per distance of inputs.
 */
export interface MapSpace {
  readonly region: Region;
  readonly outSize: number;
  readonly inSize: number;
  /** `[in]`. */
  readonly centre: Float64Array;
  /** Root mean square of the half widths of the bounding box; 1 for a point. */
  readonly radius: number;
  /** n = out · (in + 1). */
  readonly size: number;
}

export function mapSpace(region: Region, outSize: number): MapSpace {
  const { lo, hi } = region.range(region.frame);
  const squares = lo.reduce((sum, low, k) => sum + ((hi[k] - low) / 2) ** 2, 0);
  const inSize = region.size;
  return {
    region,
    outSize,
    inSize,
    centre: centreOf(region),
    radius: Math.sqrt(squares / inSize) || 1,
    size: outSize * (inSize + 1),
  };
}

/** Throws `shape` or `not-finite`. */
export function pointOf(
  { outSize, inSize, centre, radius, size }: MapSpace,
  { A, b }: AffineMap,
): Float64Array {
  assertSize(A.rows, outSize, 'demand', 'rows of A');
  assertSize(A.cols, inSize, 'demand', 'columns of A');
  assertFinite(A.data, 'demand', 'The map itself is not finite: scale the weights down.');
  const z = new Float64Array(size);
  z.set(A.data);
  valuesAtCentre(A, centre).forEach((value, j) => {
    z[A.data.length + j] = (value + b[j]) / radius;
  });
  return z;
}

export function mapAt({ outSize, inSize, centre, radius }: MapSpace, z: Float64Array): AffineMap {
  const A: Matrix = { rows: outSize, cols: inSize, data: z.slice(0, outSize * inSize) };
  const at = valuesAtCentre(A, centre);
  return { A, b: at.map((value, j) => z[outSize * inSize + j] * radius - value) };
}

const valuesAtCentre = (A: Matrix, centre: Float64Array): Float64Array =>
  multiplyTransposed({ rows: 1, cols: centre.length, data: centre }, A).data;

/** The entry of z for A's row j and column k. */
export const entry = ({ inSize }: MapSpace, j: number, k: number): number => j * inSize + k;

/** The entry of z for the value of output j at the centre. */
export const valueEntry = ({ outSize, inSize }: MapSpace, j: number): number => outSize * inSize + j;

/** Throws `invalid-option` unless A is square. */
export function assertSquare({ outSize, inSize }: MapSpace, where: string): void {
  if (outSize === inSize) return;
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'as many outputs as inputs',
    actual: `${outSize} outputs and ${inSize} inputs`,
    remedy: 'Say it of a network that maps a space into itself, or give plants that the network controls.',
  });
}
