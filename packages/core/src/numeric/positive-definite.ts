import { type Matrix, matrix } from './matrix.js';
import { sumErrorBound, UNIT_ROUNDOFF } from './precision.js';

/** Outweighs the rounding of a few operations on bounds. */
const ROUND_UP = 1 + 2 ** -40;

/**
 * Whether every symmetric matrix within `error` (spectral norm) of S `[n, n]` is proved positive definite: S − c I has a Cholesky
 * factor in floating point, c being more than `error` and all that the factorisation can have rounded, tr(S) γₙ₊₁ / (1 − γₙ₊₁) (Rump
 * 2006, Verification of positive definiteness, BIT 46). False says nothing. Reads the lower triangle.
 */
export function isPositiveDefinite(s: Matrix, error: number): boolean {
  const { rows: n, data } = s;
  let trace = 0;
  for (let i = 0; i < n; i++) {
    if (!(data[i * n + i] > 0)) return false;
    trace += data[i * n + i];
  }
  // γₙ₊₁ / (1 − γₙ₊₁) is below γ₂₍ₙ₊₁₎; the subtraction of c rounds once more; underflows cost n each.
  const rounding = sumErrorBound(2 * (n + 4), trace * ROUND_UP) + n * n * Number.MIN_VALUE;
  const shift = (error + rounding) * ROUND_UP;
  if (!Number.isFinite(shift)) return false;
  return hasFactor(s, shift);
}

/** Whether Cholesky of S − c I runs to its end. */
function hasFactor({ rows: n, data }: Matrix, c: number): boolean {
  const L = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? data[i * n + i] - c : data[i * n + j];
      for (let k = 0; k < j; k++) sum -= L.data[i * n + k] * L.data[j * n + k];
      if (i !== j) L.data[i * n + j] = sum / L.data[j * n + j];
      else if (sum > 0) L.data[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** An upper bound on the spectral norm: the Frobenius norm, rounded up. */
export function normBound({ data }: Pick<Matrix, 'data'>): number {
  let sum = 0;
  for (const x of data) sum += x * x;
  return Math.sqrt(sum) * (1 + (data.length + 4) * 2 * UNIT_ROUNDOFF) + data.length * 2 ** -500;
}
