import { PoliceError } from '../errors.js';
import { identity, largestEntry, type Matrix, matrix, norm, pickRows, rowOf, transposed } from './matrix.js';
import { qrFactors } from './qr.js';

/** `m = Σ σₖ uₖ vₖᵀ`, k below r, for m `[R, C]`; r is the number of σ that are not 0. */
export interface SingularValues {
  /** σ `[r]`, largest first, all above 0. */
  readonly values: Float64Array;
  /** u `[r, R]`, orthonormal. */
  readonly left: Matrix;
  /** v `[r, C]`, orthonormal. */
  readonly right: Matrix;
}

/** Sweeps; a dozen do for thousands of rows. */
const MOST_SWEEPS = 100;

/**
 * One-sided Jacobi (Hestenes 1958) on a triangular factor (Drmač & Veselić 2008): plane rotations make the rows orthogonal, two at a
 * time; then they are the σₖ uₖᵀ, and what was rotated along the vₖ.
 */
export function singularValues(m: Matrix): SingularValues {
  if (m.rows > m.cols) {
    const { values, left, right } = singularValues(transposed(m));
    return { values, left: right, right: left };
  }
  const largest = largestEntry(m.data);
  // In units of the largest entry, of which no square overflows.
  const unit = largest > 0 ? largest : 1;
  const scaled = matrix(
    m.rows,
    m.cols,
    m.data.map(x => x / unit),
  );
  // mᵀ = Q R, so m = Rᵀ Qᵀ: where rotations J make the rows of R orthogonal, J R = Σ U, m is Uᵀ Σ (J Qᵀ).
  const factors = qrFactors(scaled);
  const { upper } = factors;
  const axes = factors.axes();
  orthogonalize(upper, axes);
  const lengths = Array.from({ length: m.rows }, (_, i) => norm(rowOf(upper, i)));
  const order = Array.from(lengths.keys())
    .filter(i => lengths[i] > 0)
    .sort((i, j) => lengths[j] - lengths[i]);
  return {
    values: Float64Array.from(order, i => lengths[i] * unit),
    left: dividedRows(
      pickRows(upper, order),
      order.map(i => lengths[i]),
    ),
    right: pickRows(axes, order),
  };
}

/** σ from here on down are rounding of m: max(R, C) · σ₀ · 2⁻⁵³. */
export function rankOf(m: Matrix, { values }: SingularValues): number {
  const threshold = (Math.max(m.rows, m.cols) * (values[0] ?? 0) * Number.EPSILON) / 2;
  return values.filter(value => value > threshold).length;
}

/** The X `[C, k]` of least norm among those for which m X is nearest Y `[R, k]`, both in the Frobenius norm. */
export function leastNormSolution(m: Matrix, y: Matrix, found: SingularValues = singularValues(m)): Matrix {
  const solution = matrix(m.cols, y.cols);
  const along = new Float64Array(y.cols);
  for (let k = 0; k < rankOf(m, found); k++) {
    const u = rowOf(found.left, k);
    const v = rowOf(found.right, k);
    along.fill(0);
    for (let i = 0; i < m.rows; i++) addMultiple(along, rowOf(y, i), u[i] / found.values[k]);
    for (let j = 0; j < m.cols; j++) addMultiple(rowOf(solution, j), along, v[j]);
  }
  return solution;
}

/** m⁺ `[C, R]`. */
export const pseudoInverse = (m: Matrix, found: SingularValues): Matrix =>
  leastNormSolution(m, identity(m.rows), found);

function orthogonalize(rows: Matrix, along: Matrix): void {
  // What a rotation itself rounds, besides the product: without it two rows of two entries may never be found orthogonal.
  const tolerance = (2 + Math.sqrt(rows.cols)) * Number.EPSILON;
  const squares = new Float64Array(rows.rows);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let isOrthogonal = true;
    // What rotations make of squares is known, to rounding: each sweep begins with their true values.
    for (let p = 0; p < rows.rows; p++) squares[p] = dot(rows, p, p);
    for (let p = 0; p < rows.rows; p++) {
      for (let q = p + 1; q < rows.rows; q++) {
        const gamma = dot(rows, p, q);
        if (Math.abs(gamma) <= tolerance * Math.sqrt(squares[p]) * Math.sqrt(squares[q])) continue;
        isOrthogonal = false;
        const zeta = (squares[q] - squares[p]) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(rows, p, q, cosine, cosine * tangent);
        rotate(along, p, q, cosine, cosine * tangent);
        squares[p] = Math.max(0, squares[p] - tangent * gamma);
        squares[q] = Math.max(0, squares[q] + tangent * gamma);
      }
    }
    if (isOrthogonal) return;
  }
  throw new PoliceError({
    code: 'no-solution',
    where: 'singular values',
    expected: `rows that ${MOST_SWEEPS} sweeps make orthogonal`,
    actual: 'others',
    remedy: 'Scale coordinates to sizes nearer to one another.',
  });
}

/** Rows a, b = c a − s b, s a + c b. */
function rotate({ cols, data }: Matrix, a: number, b: number, c: number, s: number): void {
  for (let i = a * cols, j = b * cols; i < (a + 1) * cols; i++, j++) {
    const x = data[i];
    const y = data[j];
    data[i] = c * x - s * y;
    data[j] = s * x + c * y;
  }
}

/** Of two rows. */
function dot({ cols, data }: Matrix, a: number, b: number): number {
  let sum = 0;
  for (let i = a * cols, j = b * cols; i < (a + 1) * cols; i++, j++) sum += data[i] * data[j];
  return sum;
}

function addMultiple(into: Float64Array, of: Float64Array, factor: number): void {
  for (let i = 0; i < into.length; i++) into[i] += factor * of[i];
}

function dividedRows(m: Matrix, divisors: readonly number[]): Matrix {
  return matrix(
    m.rows,
    m.cols,
    m.data.map((x, i) => x / divisors[Math.floor(i / m.cols)]),
  );
}
