import { type Matrix, matrix, rowOf } from '../../numeric/matrix.js';
import { integersOf, quotient } from '../hull/rationals.js';

/** {λ : G λ ≤ g}, G `[M, D]`, g `[M]`. */
export interface Constraints {
  readonly G: Matrix;
  readonly g: Float64Array;
}

/** Coordinates λ of ℝᴰ: x = origin + 2^exponents · λ, entry by entry. Powers of 2, so that scaling rounds nothing. */
export interface Coordinates {
  /** `[D]`. */
  readonly origin: Float64Array;
  /** `[D]`, whole numbers. */
  readonly exponents: Float64Array;
}

/**
 * A x ≤ b in coordinates λ, every row divided by the power of 2 next to its largest entry. G is exact, but for entries that
 * underflow; g is computed exactly and rounded up. So every x with A x ≤ b has G λ ≤ g, and hardly any other.
 */
export function constraintsIn(
  A: Matrix,
  b: ArrayLike<number>,
  { origin, exponents }: Coordinates,
): Constraints {
  const G = matrix(A.rows, A.cols);
  const g = new Float64Array(A.rows);
  const [unit, ...point] = integersOf([1, ...origin]);
  for (let i = 0; i < A.rows; i++) {
    const row = rowOf(A, i);
    const scale = -largestExponent(row, exponents);
    for (let k = 0; k < A.cols; k++) G.data[i * A.cols + k] = timesPowerOf2(row[k], exponents[k] + scale);
    const [limit, one, ...entries] = integersOf([b[i], 1, ...row]);
    const left = entries.reduce((rest, a, k) => rest - a * point[k], limit * unit);
    g[i] = roundedUp(left << BigInt(Math.max(0, scale)), (one * unit) << BigInt(Math.max(0, -scale)));
  }
  return { G, g };
}

/** A float64 no less than `numerator / denominator`, within two units in the last place. */
function roundedUp(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  return above(quotient(numerator, denominator));
}

/** A float64 above x and all that rounds to it, within two units in the last place. */
export function above(x: number): number {
  return x + (Math.abs(x) * 2 ** -51 + Number.MIN_VALUE);
}

/** x · 2^exponent in two steps, since the power alone may overflow. */
export function timesPowerOf2(x: number, exponent: number): number {
  const half = Math.floor(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
}

/** The whole number below log₂|x|; −∞ for 0. */
export function exponentOf(x: number): number {
  return Math.floor(Math.log2(Math.abs(x)));
}

/** Of the row's entries times 2^exponents; 0 for a row of zeros. */
function largestExponent(row: Float64Array, exponents: Float64Array): number {
  const largest = row.reduce((max, a, k) => Math.max(max, exponentOf(a) + exponents[k]), -Infinity);
  return Number.isFinite(largest) ? largest : 0;
}

/** Each turn about halves what is left; what remains is evened out when the widths are known. */
const TURNS = 16;

/**
 * Coordinates about 0 in which the entries of A and b are near 1 when each row is scaled as suits it: least squares on
 * their logarithms, rows and columns by turns (Curtis & Reid 1972, On the automatic scaling of matrices).
 */
export function equilibrated(A: Matrix, b: ArrayLike<number>): Coordinates {
  const size = A.cols;
  const logs = Array.from({ length: A.rows }, (_, i) =>
    Float64Array.of(...rowOf(A, i), b[i]).map(x => Math.log2(Math.abs(x))),
  );
  const rowLogs = new Float64Array(A.rows);
  const columnLogs = new Float64Array(size + 1);
  for (let turn = 0; turn < TURNS; turn++) {
    logs.forEach((row, i) => {
      rowLogs[i] = meanOfFinite(row.map((x, k) => x - columnLogs[k]));
    });
    for (let k = 0; k <= size; k++) columnLogs[k] = meanOfFinite(rowLogs.map((x, i) => logs[i][k] - x));
  }
  const exponents = columnLogs.subarray(0, size).map(x => Math.round(columnLogs[size] - x));
  return { origin: new Float64Array(size), exponents };
}

/** Zeros, whose logarithm is −∞, need no scaling. */
function meanOfFinite(values: Float64Array): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, x) => sum + x, 0) / (finite.length || 1);
}
