import type { FramePropagator } from '../frames/propagator.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { type Arithmetic, sumErrorBound } from '../numeric/precision.js';
import type { FrameReader, Range } from '../regions/region.js';
import { ROUND_UP } from './bounded-frame.js';
import { RANGE_TERMS } from './bounded-intervals.js';
import { LARGEST_FLOAT32 } from './runtime-rounding.js';

/**
 * An affine stand-in for a function on a region: at every point of the region each value lies within its error of what the frame
 * values give at the point's frame coordinates.
 */
export interface Relaxed {
  /** Frame values `[d + 1, size]` of the stand-in. */
  readonly values: Matrix;
  /** `[size]`, rounding included; infinite where nothing is known. Zeros that are exact have an error of exactly 0. */
  readonly error: Float64Array;
  /** Whether the stand-in is the function itself, so that the error is rounding alone. */
  readonly isAffine: boolean;
}

/** How a region's frame is carried, and whose values are bounded. */
export interface Relaxing {
  readonly propagator: FramePropagator;
  /** What the network is computed in, of which float64's roundings are counted too; undefined for exact arithmetic. */
  readonly runtime: Arithmetic | undefined;
}

/** What `terms` operations round, of frame values and in a runtime. */
export function rounding({ runtime }: Relaxing, terms: number, magnitude: number): number {
  return sumErrorBound(terms, magnitude) + runtimeRounding(runtime, terms, magnitude);
}

/** What a runtime alone rounds; infinite where it may overflow. */
export function runtimeRounding(runtime: Arithmetic | undefined, terms: number, magnitude: number): number {
  if (!runtime) return 0;
  return magnitude <= LARGEST_FLOAT32 ? sumErrorBound(terms, magnitude, runtime) : Number.POSITIVE_INFINITY;
}

/** a · b for bounds, of which one may be infinite: nothing of it is nothing. */
export const share = (factor: number, bound: number): number => (factor === 0 ? 0 : Math.abs(factor) * bound);

/** Bound `[size]` on the stand-in's values; 0 only for those that are 0 everywhere. */
export function standInReach(reader: Pick<FrameReader, 'reach'>, values: Matrix): Float64Array {
  return reader.reach(values).map((r, j) => (r > 0 || isZeroColumn(values, j) ? r : Number.MIN_VALUE));
}

/** Exact extremes of the stand-in widened by the rounding in finding them, `[size]` each. */
export function standInRange(reader: FrameReader, values: Matrix): Range {
  const { lo, hi } = reader.range(values);
  const terms = values.rows + RANGE_TERMS;
  const error = standInReach(reader, values).map(r => (r === 0 ? 0 : sumErrorBound(terms, r)));
  return { lo: lo.map((x, j) => x - error[j]), hi: hi.map((x, j) => x + error[j]) };
}

/** Bounds `[size]` on the function itself, which no point of the region leaves. */
export function relaxedRange(
  reader: FrameReader,
  { values, error }: Pick<Relaxed, 'values' | 'error'>,
): Range {
  const { lo, hi } = standInRange(reader, values);
  return {
    lo: lo.map((x, j) => outwards(x - error[j], -1)),
    hi: hi.map((x, j) => outwards(x + error[j], 1)),
  };
}

/** Outweighs one rounding; exact for 0, which a sum is only exactly. */
function outwards(x: number, direction: 1 | -1): number {
  return x + direction * Math.abs(x) * (ROUND_UP - 1);
}

/** Without what is not finite: of such an entry nothing is known. */
export function settled(values: Matrix, error: Float64Array, isAffine: boolean): Relaxed {
  const isKnown = Uint8Array.from(error, e => Number(e < Number.POSITIVE_INFINITY));
  for (let i = 0; i < values.data.length; i++)
    if (!Number.isFinite(values.data[i])) isKnown[i % values.cols] = 0;
  if (isKnown.every(Boolean)) return { values, error, isAffine };
  return {
    values: matrix(
      values.rows,
      values.cols,
      values.data.map((x, i) => (isKnown[i % values.cols] ? x : 0)),
    ),
    error: error.map((e, j) => (isKnown[j] ? e : Number.POSITIVE_INFINITY)),
    isAffine: false,
  };
}

/** Whether the function is exactly 0 all over the region, entry by entry. */
export function isExactZero({ values, error }: Relaxed, j: number): boolean {
  return error[j] === 0 && isZeroColumn(values, j);
}

function isZeroColumn({ data, cols }: Matrix, j: number): boolean {
  for (let i = j; i < data.length; i += cols) if (data[i] !== 0) return false;
  return true;
}
