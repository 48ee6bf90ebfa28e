import type { FramePropagator } from '../frames/propagator.js';
import type { Rules } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { type Arithmetic, float32, float64 } from '../numeric/precision.js';
import type { Range } from '../regions/region.js';
import type { RuntimeRounding } from './runtime-rounding.js';

/**
 * Frame values on one region with bounds on how far, at any point of the region, a value lies from the true one.
 *
 * An error is what rounding in some arithmetic may change: float64's bounds the frame values themselves against the affine
 * function they stand for, float32's what a runtime computes against the network's exact value.
 */
export interface BoundedFrame {
  readonly values: Matrix;
  /** `[2, size]`: row {@link EXACT} of the exact network, row {@link RUNTIME} of a float32 runtime. */
  readonly errors: Matrix;
  /** The runtime's error `[size]` by products of |W| alone; see {@link RuntimeRounding}. */
  readonly coarse: Float64Array;
  /** Bound `[size]` on the distance of the network from that affine function: 0 but for smooth activations. */
  readonly approximationError: Float64Array;
  /** Of pre-activations with a shift of their node's own: what a runtime rounds in adding it, `[size]`. */
  readonly shiftRounding?: Float64Array;
}

/** Rows of errors. */
export const EXACT = 0;
export const RUNTIME = 1;

/** The exact network, whose errors prove, and a runtime's, whose errors are reported and kept clear of. */
const ARITHMETICS: readonly Arithmetic[] = [float64, float32];

/** Outweighs the rounding of adding a few bounds. */
export const ROUND_UP: number = 1 + 2 ** -50;

/** How one region's frame values are carried, and what is known of the rounding on the way. */
export interface Bounding {
  readonly propagator: FramePropagator;
  /** See {@link approximationErrors}, of this region. */
  readonly approximation: Rules<Float64Array>;
  readonly rounding: RuntimeRounding;
}

/** What a unit's error is in an arithmetic: carried along from the nodes before, and made at this one. */
export interface ErrorOf {
  carried(row: number, unit: number): number;
  made(arithmetic: Arithmetic, row: number, unit: number): number;
}

/** `[2, size]`. */
export function errorsOf(size: number, { carried, made }: ErrorOf): Matrix {
  const errors = matrix(ARITHMETICS.length, size);
  ARITHMETICS.forEach((arithmetic, row) => {
    for (let j = 0; j < size; j++)
      errors.data[row * size + j] = (carried(row, j) + made(arithmetic, row, j)) * ROUND_UP;
  });
  return errors;
}

/** The same, and what a runtime makes is recorded. `coarse` is what |W| carries of the runtime's. */
export function errorsAt(
  { rounding }: Bounding,
  name: string,
  coarse: Float64Array,
  error: ErrorOf,
): Pick<BoundedFrame, 'errors' | 'coarse'> {
  const size = coarse.length;
  const own = new Float64Array(size);
  const errors = matrix(ARITHMETICS.length, size);
  const grown = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    own[j] = error.made(float32, RUNTIME, j);
    errors.data[EXACT * size + j] = (error.carried(EXACT, j) + error.made(float64, EXACT, j)) * ROUND_UP;
    errors.data[RUNTIME * size + j] = (error.carried(RUNTIME, j) + own[j]) * ROUND_UP;
    grown[j] = (coarse[j] + own[j]) * ROUND_UP;
  }
  rounding.record(name, own);
  return { errors, coarse: grown };
}

/** Ranges and reaches of frame values, which a pass asks for several times, and which nobody changes. */
const extents = new WeakMap<Matrix, { range?: Range; reach?: Float64Array }>();

function extentOf(values: Matrix): { range?: Range; reach?: Float64Array } {
  const found = extents.get(values) ?? {};
  extents.set(values, found);
  return found;
}

/** The range of a frame's values, computed once. */
export function rangeOfFrame({ reader }: FramePropagator, { values }: BoundedFrame): Range {
  const extent = extentOf(values);
  extent.range ??= reader.range(values);
  return extent.range;
}

/** Their reach `[size]`, computed once. */
export function reachOfFrame(
  { reader }: FramePropagator,
  { values }: Pick<BoundedFrame, 'values'>,
): Float64Array {
  const extent = extentOf(values);
  extent.reach ??= reader.reach(values);
  return extent.reach;
}

/** Bound on the values, all errors included, `[2, size]`. */
export function reachesOf(
  { propagator }: Bounding,
  { values, errors, approximationError }: BoundedFrame,
): Matrix {
  const { cols, data } = errors;
  const reach = reachOfFrame(propagator, { values });
  const reaches = data.slice();
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) reaches[start + j] += reach[j] + approximationError[j];
  return { ...errors, data: reaches };
}
