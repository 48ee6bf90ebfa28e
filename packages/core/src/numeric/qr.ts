import { type Matrix, matrix, rowOf } from './matrix.js';

/**
 * `mᵀ = Q R` of a matrix `[n, D]` that has a column in each row, n ≤ D: Q `[D, n]` with orthonormal columns, R `[n, n]` upper
 * triangular.
 */
export interface QrFactors {
  /** R. An entry of its diagonal that is exactly 0 belongs to a column that depends on those before. */
  readonly upper: Matrix;
  /** Qᵀ `[n, D]`: orthonormal rows. */
  axes(): Matrix;
  /** The x `[n]` for which mᵀ x is nearest y `[D]` (Euclidean norm). Not finite where R's diagonal has a 0. */
  solve(y: ArrayLike<number>): Float64Array;
}

/** Householder's reflections (Golub & Van Loan, Matrix Computations, 5.2.1): backward stable, column by column. */
export function qrFactors(m: Matrix): QrFactors {
  const { rows: n, cols } = m;
  // Of row k: R above its diagonal in front, the vector of reflection k from entry k on.
  const reflected = matrix(n, cols, m.data.slice());
  const diagonal = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = makeReflection(rowOf(reflected, k), k);
    for (let j = k + 1; j < n; j++) reflect(rowOf(reflected, j), rowOf(reflected, k), k);
  }
  const upper = upperOf(reflected, diagonal);
  return {
    upper,
    axes: () => axesOf(reflected),
    solve: y => {
      const x = Float64Array.from(y);
      for (let k = 0; k < n; k++) reflect(x, rowOf(reflected, k), k);
      return substituteBack(upper, x.slice(0, n));
    },
  };
}

/** Whether no column depends on those before, to the last bit. */
export function isFullRank({ upper: { rows, data } }: QrFactors): boolean {
  for (let i = 0; i < rows; i++) if (data[i * (rows + 1)] === 0) return false;
  return true;
}

/** Solves R x = z in place, R upper triangular, and returns x. */
export function substituteBack({ cols, data }: Matrix, z: Float64Array): Float64Array {
  for (let i = z.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < z.length; k++) z[i] -= data[i * cols + k] * z[k];
    z[i] /= data[i * cols + i];
  }
  return z;
}

/**
 * Turns a vector, from entry k on, into that of the reflection that maps it to a multiple of eₖ, which is returned. Scaled so that
 * the reflection of y is y − v (v·y) / vₖ; all 0 where there is nothing to reflect.
 */
function makeReflection(v: Float64Array, k: number): number {
  let largest = 0;
  for (let i = k; i < v.length; i++) largest = Math.max(largest, Math.abs(v[i]));
  if (largest === 0) return 0;
  let square = 0;
  for (let i = k; i < v.length; i++) square += (v[i] / largest) ** 2;
  // Of the sign of vₖ, so that nothing cancels in vₖ / length + 1.
  const length = (v[k] < 0 ? -largest : largest) * Math.sqrt(square);
  for (let i = k; i < v.length; i++) v[i] /= length;
  v[k] += 1;
  return -length;
}

function reflect(y: Float64Array, v: Float64Array, k: number): void {
  if (v[k] === 0) return;
  let dot = 0;
  for (let i = k; i < y.length; i++) dot += v[i] * y[i];
  const factor = -dot / v[k];
  for (let i = k; i < y.length; i++) y[i] += factor * v[i];
}

function upperOf({ rows: n, cols, data }: Matrix, diagonal: Float64Array): Matrix {
  const upper = matrix(n, n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < j; i++) upper.data[i * n + j] = data[j * cols + i];
    upper.data[j * n + j] = diagonal[j];
  }
  return upper;
}

/** Rows of Qᵀ: the reflections, last first, of the unit vectors. */
function axesOf(reflected: Matrix): Matrix {
  const { rows: n, cols } = reflected;
  const axes = matrix(n, cols);
  for (let j = 0; j < n; j++) {
    const axis = rowOf(axes, j);
    axis[j] = 1;
    for (let k = j; k >= 0; k--) reflect(axis, rowOf(reflected, k), k);
  }
  return axes;
}
