import { cholesky, solvedLower, solvedLowerTransposed } from '../numeric/cholesky.js';
import { addTransposedProduct, type Matrix, matrix, rowOf } from '../numeric/matrix.js';

/** A change of the weights `[m, k]` and the bias `[m]` of a layer. */
export interface LayerChange {
  readonly weight: Matrix;
  readonly bias: Float64Array;
}

/**
 * The change (V, v) of a layer's weights and bias for which V x + v is nearest to the residuals y, the sum over the rows of X
 * `[n, k]` and Y `[n, m]` of ‖V xᵢ + v − yᵢ‖², plus ridge · s ‖V‖² where s is the mean of ‖xᵢ − x̄‖² / k times n: inputs are
 * centred, so that the bias costs nothing, and where they do not vary the weights stay as they are.
 */
export function ridgeChange(x: Matrix, y: Matrix, ridge: number): LayerChange {
  const [k, m] = [x.cols, y.cols];
  const [meanX, meanY] = [columnMeans(x), columnMeans(y)];
  const centred = lessRow(x, meanX);
  const gram = matrix(k, k);
  addTransposedProduct(gram, centred, centred);
  let trace = 0;
  for (let i = 0; i < k; i++) trace += gram.data[i * k + i];
  const bias = meanY.slice();
  if (trace === 0) return { weight: matrix(m, k), bias };
  for (let i = 0; i < k; i++) gram.data[i * k + i] += (ridge * trace) / k;
  const weight = matrix(m, k);
  addTransposedProduct(weight, lessRow(y, meanY), centred);
  const lower = cholesky(gram);
  for (let j = 0; j < m; j++) {
    const row = solvedLowerTransposed(lower, solvedLower(lower, rowOf(weight, j)));
    weight.data.set(row, j * k);
    for (let i = 0; i < k; i++) bias[j] -= row[i] * meanX[i];
  }
  return { weight, bias };
}

function columnMeans({ rows, cols, data }: Matrix): Float64Array {
  const means = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) means[i % cols] += data[i] / rows;
  return means;
}

function lessRow({ rows, cols, data }: Matrix, row: Float64Array): Matrix {
  return matrix(
    rows,
    cols,
    data.map((value, i) => value - row[i % cols]),
  );
}
