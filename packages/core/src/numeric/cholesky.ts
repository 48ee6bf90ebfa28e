import { type Matrix, matrix } from './matrix.js';

/** Share of the largest diagonal entry below which a pivot is taken for that much: points in a plane have no more directions. */
const LEAST_PIVOT = 2 ** -40;

/** L, lower triangular, with L Lᵀ = G for a symmetric G ≥ 0, its smallest pivots raised. */
export function cholesky(g: Matrix): Matrix {
  const { rows: n } = g;
  const L = matrix(n, n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, g.data[i * n + i]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = g.data[i * n + j];
      for (let k = 0; k < j; k++) sum -= L.data[i * n + k] * L.data[j * n + k];
      if (i === j) L.data[i * n + i] = Math.sqrt(Math.max(sum, LEAST_PIVOT * largest)) || 1;
      else L.data[i * n + j] = sum / L.data[j * n + j];
    }
  }
  return L;
}

/** L⁻¹ v. */
export function solvedLower({ rows: n, data }: Matrix, v: Float64Array): Float64Array {
  const x = v.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= data[i * n + k] * x[k];
    x[i] = sum / data[i * n + i];
  }
  return x;
}

/** L⁻ᵀ v. */
export function solvedLowerTransposed({ rows: n, data }: Matrix, v: Float64Array): Float64Array {
  const x = v.slice();
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= data[i * n + i];
    for (let k = 0; k < i; k++) x[k] -= data[i * n + k] * x[i];
  }
  return x;
}
