import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import { lengthOf, type Matrix, matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import { sumErrorBound } from '../../numeric/precision.js';
import type { RegionJSON } from '../json-type.js';
import type { Region } from '../region.js';
import { disc } from '../unit-balls.js';
import { checkedDirections, symmetricAlong } from './symmetric.js';

/**
 * The ellipsoid {centre + Σ λᵢ axisᵢ : ‖λ‖₂ ≤ 1} with semi-axes `[m, D]`, one a row. They need not be orthogonal (any
 * linear image of a ball is an ellipsoid) and may be fewer than D, or dependent: then it is flat.
 *
 * `sample` is uniform where the axes are independent. Throws `empty-region` (a centre without coordinates), `shape`
 * or `not-finite`.
 */
export function ellipsoid(centre: ArrayLike<number>, axes: readonly ArrayLike<number>[]): Region {
  const at = Float64Array.from(centre);
  const directions = checkedDirections('ellipsoid', at, axes);
  const json: RegionJSON = {
    kind: 'ellipsoid',
    centre: Array.from(at),
    axes: axes.map(row => Array.from(row)),
  };
  return symmetricAlong(json, at, directions, disc);
}

/**
 * The ellipsoid {x : (x − centre)ᵀ P⁻¹ (x − centre) ≤ 1} of a positive definite `shape` P `[D, D]` (Boyd and
 * Vandenberghe, Convex Optimization, §2.2.2): its semi-axes are P's eigenvectors, their lengths the roots of the
 * eigenvalues. For a covariance P and a radius of k standard deviations pass k²P.
 *
 * The semi-axes used are the columns of P's Cholesky factor; `slack` covers its rounding. `sample` is uniform. Throws
 * what {@link ellipsoid} does, and `invalid-option` unless P is symmetric and positive definite beyond rounding.
 */
export function ellipsoidOfShape(centre: ArrayLike<number>, shape: readonly ArrayLike<number>[]): Region {
  const at = Float64Array.from(centre);
  assertSize(shape.length, at.length, 'ellipsoid shape', 'a matrix with as many rows as coordinates');
  shape.forEach((row, i) => {
    assertSize(row.length, at.length, `ellipsoid shape row ${i}`, 'a row');
    assertFinite(row, `ellipsoid shape row ${i}`);
  });
  const given = matrixFromRows(shape, at.length);
  assertSymmetric(given);
  const factor = cholesky(given);
  const stretch = factorError(factor);
  const json: RegionJSON = {
    kind: 'ellipsoid',
    centre: Array.from(at),
    shape: shape.map(row => Array.from(row)),
  };
  const columns = Array.from({ length: at.length }, (_, j) =>
    at.map((_, i) => factor.data[i * at.length + j]),
  );
  const slack = at.map((_, i) => stretch * lengthOf(rowOf(factor, i)));
  return symmetricAlong(json, at, checkedDirections('ellipsoid', at, columns), disc, slack);
}

function notPositiveDefinite(actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: 'ellipsoid shape',
    expected: 'a symmetric positive definite matrix',
    actual,
    remedy: 'Give a flat or very thin ellipsoid by its semi-axes.',
  });
}

function assertSymmetric({ rows, data }: Matrix): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      if (data[i * rows + j] !== data[j * rows + i])
        throw notPositiveDefinite(
          `${data[i * rows + j]} at [${i}][${j}] but ${data[j * rows + i]} at [${j}][${i}]`,
        );
    }
  }
}

/** L `[n, n]`, lower triangular, with P ≈ L Lᵀ. */
function cholesky(shape: Matrix): Matrix {
  const n = shape.rows;
  const lower = matrix(n, n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = shape.data[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower.data[i * n + k] * lower.data[j * n + k];
      if (i > j) lower.data[i * n + j] = sum / lower.data[j * n + j];
      else if (sum > 0) lower.data[i * n + i] = Math.sqrt(sum);
      else throw notPositiveDefinite(`a pivot of ${sum} in row ${i}`);
    }
  }
  return lower;
}

/** Above this relative error of its factor a matrix counts as singular. */
const LARGEST_FACTOR_ERROR = 2 ** -20;

/**
 * A bound ε on ‖E‖₂ in P = L (I + E) Lᵀ. The true ellipsoid is L √(I + E) applied to the unit ball, hence none of its
 * points is farther than ε/2 · ‖Lᵢ‖₂ in entry i from a point of L applied to it.
 *
 * The factor is off by |P − L Lᵀ| ≤ γₙ₊₁ |L||Lᵀ| (Higham, Theorem 10.3), which E has between L⁻¹ and L⁻ᵀ. With a computed
 * X ≈ L⁻¹ and F = X L − I, L⁻¹ = (I + F)⁻¹ X, so ε ≤ γₙ₊₁ ‖ |X||L| ‖₂² / (1 − ‖F‖₂)².
 */
function factorError(lower: Matrix): number {
  const n = lower.rows;
  const inverse = inverseOfLower(lower);
  const rowSums = new Float64Array(n); // of |X||L|
  const columnSums = new Float64Array(n);
  let defect = 0; // ‖F‖₂ ≤ the Frobenius norm
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let value = i === j ? -1 : 0;
      let magnitude = 0;
      for (let k = j; k <= i; k++) {
        const term = inverse.data[i * n + k] * lower.data[k * n + j];
        value += term;
        magnitude += Math.abs(term);
      }
      rowSums[i] += magnitude;
      columnSums[j] += magnitude;
      defect += (Math.abs(value) + sumErrorBound(n + 2, magnitude + 1)) ** 2;
    }
  }
  // ‖M‖₂² ≤ ‖M‖₁ ‖M‖∞.
  const size = Math.max(...rowSums) * Math.max(...columnSums);
  const error = sumErrorBound(n + 1, size) / (1 - Math.sqrt(defect)) ** 2;
  if (defect < 1 && error < LARGEST_FACTOR_ERROR) return error;
  throw notPositiveDefinite('one so near a singular one that rounding decides');
}

/** X ≈ L⁻¹, by forward substitution. */
function inverseOfLower(lower: Matrix): Matrix {
  const n = lower.rows;
  const inverse = matrix(n, n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= lower.data[i * n + k] * inverse.data[k * n + j];
      inverse.data[i * n + j] = sum / lower.data[i * n + i];
    }
  }
  return inverse;
}
