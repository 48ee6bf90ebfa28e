import { PoliceError } from '../errors.js';
import { largestEntry, type Matrix, matrix, rowOf } from './matrix.js';

/** `S = Σ λₖ vₖ vₖᵀ` of a symmetric S `[n, n]`. */
export interface SymmetricEigen {
  /** λ `[n]`, in no order. */
  readonly values: Float64Array;
  /** v `[n, n]`, orthonormal rows. */
  readonly vectors: Matrix;
}

/** Sweeps; six to ten do. */
const MOST_SWEEPS = 60;

/**
 * Cyclic Jacobi (Golub & Van Loan, Matrix Computations, 8.5): plane rotations until what is off the diagonal is rounding. Only the mean of
 * S and Sᵀ counts.
 */
export function symmetricEigen(s: Matrix): SymmetricEigen {
  const n = s.rows;
  const a = matrix(n, n);
  const vectors = matrix(n, n);
  for (let i = 0; i < n; i++) {
    vectors.data[i * n + i] = 1;
    for (let j = 0; j < n; j++) a.data[i * n + j] = (s.data[i * n + j] + s.data[j * n + i]) / 2;
  }
  const negligible = (largestEntry(a.data) * Number.EPSILON) / 4;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    if (!isRotated(a, vectors, negligible)) {
      return { values: Float64Array.from({ length: n }, (_, i) => a.data[i * n + i]), vectors };
    }
  }
  throw new PoliceError({
    code: 'no-solution',
    where: 'eigenvalues',
    expected: `a matrix that ${MOST_SWEEPS} sweeps make diagonal`,
    actual: 'another',
    remedy: 'Scale coordinates to sizes nearer to one another.',
  });
}

/** One sweep; whether anything was left to rotate. */
function isRotated(a: Matrix, vectors: Matrix, negligible: number): boolean {
  const { rows: n, data } = a;
  let isAny = false;
  for (let p = 0; p < n; p++) {
    for (let q = p + 1; q < n; q++) {
      const off = data[p * n + q];
      if (!(Math.abs(off) > negligible)) continue;
      isAny = true;
      const zeta = (data[q * n + q] - data[p * n + p]) / (2 * off);
      const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const c = 1 / Math.hypot(1, t);
      rotateRows(a, p, q, c, c * t);
      rotateColumns(a, p, q, c, c * t);
      // What the rotation is for, to the last bit.
      data[p * n + q] = 0;
      data[q * n + p] = 0;
      rotateRows(vectors, p, q, c, c * t);
    }
  }
  return isAny;
}

/** Rows p, q = c p − s q, s p + c q. */
function rotateRows(m: Matrix, p: number, q: number, c: number, s: number): void {
  const [a, b] = [rowOf(m, p), rowOf(m, q)];
  for (let k = 0; k < m.cols; k++) {
    const [x, y] = [a[k], b[k]];
    a[k] = c * x - s * y;
    b[k] = s * x + c * y;
  }
}

function rotateColumns({ rows, cols, data }: Matrix, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < rows; k++) {
    const [x, y] = [data[k * cols + p], data[k * cols + q]];
    data[k * cols + p] = c * x - s * y;
    data[k * cols + q] = s * x + c * y;
  }
}

/** `Σ f(λₖ) vₖ vₖᵀ`. */
export function spectralFunction({ values, vectors }: SymmetricEigen, f: (lambda: number) => number): Matrix {
  const n = values.length;
  const result = matrix(n, n);
  values.forEach((lambda, k) => {
    const v = rowOf(vectors, k);
    const factor = f(lambda);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) result.data[i * n + j] += factor * v[i] * v[j];
  });
  return result;
}
