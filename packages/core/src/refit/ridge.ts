import { addDenseGradient } from '../network/operators/dense-products.js';
import { cholesky, solvedLower, solvedLowerTransposed } from '../numeric/cholesky.js';
import { linearCombination, type Matrix, matrix, rowOf } from '../numeric/matrix.js';

/** A change of the weights `[m, k]` and the bias `[m]` of a layer. */
export interface LayerChange {
  readonly weight: Matrix;
  readonly bias: Float64Array;
}

/** Rows to fit on, a block at a time: x `[n, inputs]` and what is missing there, y `[n, outputs]`. */
export interface FittedRows {
  readonly inputs: number;
  readonly outputs: number;
  /** n. */
  readonly count: number;
  /** All rows, the same blocks each time; one is done with before the next is asked for. */
  blocks(): Iterable<{ readonly x: Matrix; readonly y: Matrix }>;
}

/** Rows f that weights alone are to meet, without the bias, as far as their weight goes: adds weight · Σ ‖V f − y‖² to the sum. */
export interface HeldRows {
  readonly rows: FittedRows;
  readonly weight: number;
}

/**
 * The change (V, v) of a layer's weights and bias for which V x + v is nearest to the residuals y, the sum over all rows of
 * ‖V xᵢ + v − yᵢ‖², plus ridge · s ‖V‖² where s is the mean of ‖xᵢ − x̄‖² / k times n: inputs are
 * centred, so that the bias costs nothing, and where they do not vary the weights stay as they are.
 */
export function ridgeChange(rows: FittedRows, ridge: number, held: readonly HeldRows[] = []): LayerChange {
  const [k, m] = [rows.inputs, rows.outputs];
  const { meanX, meanY } = meansOf(rows);
  const gram = matrix(k, k);
  const weight = matrix(m, k);
  for (const { x, y } of rows.blocks()) {
    const centred = lessRow(x, meanX);
    addDenseGradient(gram, centred, centred);
    addDenseGradient(weight, lessRow(y, meanY), centred);
  }
  let trace = 0;
  for (let i = 0; i < k; i++) trace += gram.data[i * k + i];
  const bias = meanY.slice();
  if (trace === 0) return { weight: matrix(m, k), bias };
  for (const each of held) {
    for (const { x, y } of each.rows.blocks()) {
      addDenseGradient(gram, linearCombination([x], [each.weight]), x);
      addDenseGradient(weight, linearCombination([y], [each.weight]), x);
    }
  }
  for (let i = 0; i < k; i++) gram.data[i * k + i] += (ridge * trace) / k;
  const lower = cholesky(gram);
  for (let j = 0; j < m; j++) {
    const row = solvedLowerTransposed(lower, solvedLower(lower, rowOf(weight, j)));
    weight.data.set(row, j * k);
    for (let i = 0; i < k; i++) bias[j] -= row[i] * meanX[i];
  }
  return { weight, bias };
}

function meansOf(rows: FittedRows): { readonly meanX: Float64Array; readonly meanY: Float64Array } {
  const [meanX, meanY] = [new Float64Array(rows.inputs), new Float64Array(rows.outputs)];
  for (const { x, y } of rows.blocks()) {
    addColumns(x, meanX);
    addColumns(y, meanY);
  }
  for (const means of [meanX, meanY]) for (let i = 0; i < means.length; i++) means[i] /= rows.count;
  return { meanX, meanY };
}

function addColumns({ cols, data }: Matrix, sums: Float64Array): void {
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) sums[j] += data[start + j];
}

function lessRow({ rows, cols, data }: Matrix, row: Float64Array): Matrix {
  const less = matrix(rows, cols);
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) less.data[start + j] = data[start + j] - row[j];
  return less;
}
