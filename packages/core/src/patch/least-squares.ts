import { addTransposedProduct, type Matrix, matrix, multiplyTransposed } from '../numeric/matrix.js';

/** Residual gradients this small beside the first are rounding. */
const CONVERGED = 1e-26;

/**
 * The W `[m, k]` of least norm for which X Wᵀ is nearest to Y in the sum of squares, X `[n, k]`, Y `[n, m]`: conjugate gradients on the
 * normal equations (CGLS; Björck, Numerical Methods for Least Squares Problems, §7.4), all columns of Y at once, and nothing of size k².
 */
export function leastSquares(x: Matrix, y: Matrix): Matrix {
  const { cols: k } = x;
  const m = y.cols;
  const solution = matrix(m, k);
  const residual = matrix(y.rows, m, y.data.slice());
  let gradient = matrix(m, k);
  addTransposedProduct(gradient, residual, x);
  const direction = matrix(m, k, gradient.data.slice());
  const first = rowSquares(gradient);
  let squares = first;
  for (let step = 0; step < 2 * k + 20; step++) {
    const active = Array.from(squares, (square, j) => square > CONVERGED * first[j]);
    if (!active.some(Boolean)) break;
    const moved = multiplyTransposed(x, direction);
    const lengths = columnSquares(moved);
    const steps = squares.map((square, j) => (active[j] && lengths[j] > 0 ? square / lengths[j] : 0));
    for (let j = 0; j < m; j++)
      for (let i = 0; i < k; i++) solution.data[j * k + i] += steps[j] * direction.data[j * k + i];
    for (let i = 0; i < residual.data.length; i++) residual.data[i] -= steps[i % m] * moved.data[i];
    gradient = matrix(m, k);
    addTransposedProduct(gradient, residual, x);
    const next = rowSquares(gradient);
    for (let j = 0; j < m; j++) {
      const share = squares[j] > 0 ? next[j] / squares[j] : 0;
      for (let i = 0; i < k; i++)
        direction.data[j * k + i] = gradient.data[j * k + i] + share * direction.data[j * k + i];
    }
    squares = next;
  }
  return solution;
}

function rowSquares({ rows, cols, data }: Matrix): Float64Array {
  const squares = new Float64Array(rows);
  for (let i = 0; i < data.length; i++) squares[Math.floor(i / cols)] += data[i] ** 2;
  return squares;
}

function columnSquares({ cols, data }: Matrix): Float64Array {
  const squares = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) squares[i % cols] += data[i] ** 2;
  return squares;
}
