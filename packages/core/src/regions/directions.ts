import { type Matrix, rowOf } from '../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../numeric/precision.js';
import { qrFactors } from '../numeric/qr.js';
import { withScratch } from '../numeric/scratch.js';
import { singularValues } from '../numeric/singular-values.js';

/** A row of a matrix of directions with one entry other than 0. */
export interface Axis {
  readonly coordinate: number;
  readonly factor: number;
}

/** The directions `[d, D]` of a frame, and y = Σ λᵢ directionᵢ solved for λ; factored when first asked. */
export interface Directions {
  readonly matrix: Matrix;
  /** Where the directions are multiples of different unit vectors, those (factor 0 for a direction of zeros). */
  readonly axes?: readonly Axis[];
  /**
   * Least squares, for y off by no more than `error` (Euclidean norm: coordinates come in units of their errors); undefined where the directions are linearly
   * dependent, or so nearly that the error would swamp the coordinates.
   */
  solver(error: number): Solver | undefined;
  /** Singular values and vectors, for dependent directions. */
  principal(): Principal;
}

export interface Solver {
  /** Frame coordinates λ `[d]` of the point of the span nearest y `[D]`, and y's distance from it (largest entry). */
  solve(y: Float64Array): { readonly lambda: Float64Array; readonly offSpan: number };
  /** `[d]`: how much an error in y, in the Euclidean norm, can grow in each coordinate. */
  readonly growth: Float64Array;
}

/** directionsᵀ = Σ σₖ vₖ uₖᵀ. */
export interface Principal {
  /** σ `[r]`, largest first, without those that are 0. */
  readonly values: Float64Array;
  /** v `[r, D]`, orthonormal. */
  readonly axes: Matrix;
}

/** Coordinates of size 1 with a larger error than this say nothing. */
const LARGEST_COORDINATE_ERROR = 2 ** -10;

/** `axes`, where they are known. */
export function directionsOf(
  directions: Matrix,
  axes: readonly Axis[] | undefined = axesOf(directions),
): Directions {
  const solver = once(() => solverOf(directions));
  return {
    matrix: directions,
    ...(axes ? { axes } : {}),
    solver: error => {
      const found = solver();
      return found?.growth.every(g => g * error <= LARGEST_COORDINATE_ERROR) ? found : undefined;
    },
    principal: once(() => principalOf(directions)),
  };
}

/** The factors `[D]` where direction i is a multiple of eᵢ for every coordinate. */
export function diagonalOf({ matrix: { cols }, axes }: Directions): Float64Array | undefined {
  if (axes?.length !== cols) return undefined;
  if (axes.some(({ coordinate, factor }, i) => factor !== 0 && coordinate !== i)) return undefined;
  return Float64Array.from(axes, ({ factor }) => factor);
}

/** How far, `[D]`, the unit ball of a norm reaches along different axes. */
export function widthsAlong(axes: readonly Axis[], size: number): Float64Array {
  const widths = new Float64Array(size);
  for (const { coordinate, factor } of axes) if (factor !== 0) widths[coordinate] = Math.abs(factor);
  return widths;
}

/** Computes when first asked, and keeps what came of it. */
export function once<T>(compute: () => T): () => T {
  let result: { value: T } | undefined;
  return () => {
    result ??= { value: withScratch(undefined, compute) };
    return result.value;
  };
}

function axesOf(directions: Matrix): Axis[] | undefined {
  const axes: Axis[] = [];
  const taken = new Set<number>();
  for (let i = 0; i < directions.rows; i++) {
    const row = rowOf(directions, i);
    const coordinate = nextEntry(row, 0);
    if (coordinate === row.length) {
      axes.push({ coordinate: 0, factor: 0 });
      continue;
    }
    if (taken.has(coordinate) || nextEntry(row, coordinate + 1) < row.length) return undefined;
    taken.add(coordinate);
    axes.push({ coordinate, factor: row[coordinate] });
  }
  return axes;
}

/** The first entry from `k` on that is not 0, or the length. */
function nextEntry(row: Float64Array, k: number): number {
  let at = k;
  while (at < row.length && row[at] === 0) at++;
  return at;
}

function solverOf(directions: Matrix): Solver | undefined {
  const { rows: d, cols: size } = directions;
  if (d > size) return undefined;
  if (d === 0) {
    return {
      growth: new Float64Array(0),
      solve: y => ({ lambda: new Float64Array(0), offSpan: largestOf(y) }),
    };
  }
  const qr = qrFactors(directions);
  const lengths = Array.from({ length: d }, (_, i) => lengthOf(rowOf(directions, i)));
  // What a direction has left beside the ones before it is rounding only: it depends on them.
  const dependent = lengths.some(
    (length, i) => Math.abs(qr.upper.data[i * d + i]) <= 8 * (size + d) * UNIT_ROUNDOFF * length,
  );
  if (dependent) return undefined;
  return {
    growth: inverseRowNorms(qr.upper),
    solve: y => {
      const lambda = qr.solve(y);
      const left = y.slice();
      for (let i = 0; i < d; i++) {
        const row = rowOf(directions, i);
        for (let k = 0; k < size; k++) left[k] -= lambda[i] * row[k];
      }
      return { lambda, offSpan: largestOf(left) };
    },
  };
}

/** Norms of the rows of R⁻¹: those of (QR)⁻¹, Q being orthonormal. */
function inverseRowNorms({ rows: d, data }: Matrix): Float64Array {
  const squares = new Float64Array(d);
  for (let column = 0; column < d; column++) {
    const x = new Float64Array(d);
    for (let i = column; i >= 0; i--) {
      let sum = i === column ? 1 : 0;
      for (let k = i + 1; k <= column; k++) sum -= data[i * d + k] * x[k];
      x[i] = sum / data[i * d + i];
      squares[i] += x[i] * x[i];
    }
  }
  return squares.map(Math.sqrt);
}

function principalOf(directions: Matrix): Principal {
  const { values, right } = singularValues(directions);
  return { values, axes: right };
}

/** The Euclidean norm of any number of entries: what is spread into a call is limited. */
export function lengthOf(values: Float64Array | readonly number[]): number {
  let largest = 0;
  for (const x of values) largest = Math.max(largest, Math.abs(x));
  if (largest === 0) return 0;
  let sum = 0;
  for (const x of values) sum += (x / largest) ** 2;
  return largest * Math.sqrt(sum);
}

function largestOf(values: Float64Array): number {
  return values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
}
