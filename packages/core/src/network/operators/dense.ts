import { assertFinite, assertSize } from '../../errors.js';
import {
  addInto,
  addTransposedProduct,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  pickColumns,
  pickRows,
  room,
  transposed,
} from '../../numeric/matrix.js';
import { roundAll } from '../../numeric/precision.js';
import type { TapProduct } from '../../numeric/tap-product.js';
import type { ProductContract } from './contract.js';
import { fastProduct } from './fast-product.js';
import { magnitudesOf } from './magnitudes.js';
import { countNonZeros } from './sparse.js';

/** A fully connected layer, `y = W x + b`. */
export interface Dense extends ProductContract {
  readonly kind: 'dense';
  /** `[outSize, inSize]`. */
  readonly weight: Matrix;
}

/**
 * A dense layer from `weight` `[outSize, inSize]` (a matrix, or its rows) and `bias` `[outSize]`
 * (zeros by default). Copies both. Throws `shape` or `not-finite`.
 *
 * @example
 * dense([[1, -1], [0, 2]], [0.5, 0])
 */
export function dense(weight: Matrix | readonly ArrayLike<number>[], bias?: ArrayLike<number>): Dense {
  const w = 'data' in weight ? matrix(weight.rows, weight.cols, weight.data.slice()) : matrixFromRows(weight);
  const b = bias ? Float64Array.from(bias) : new Float64Array(w.rows);
  assertSize(b.length, w.rows, 'dense', 'bias');
  assertFinite(w.data, 'dense weight');
  assertFinite(b, 'dense bias');
  return denseOf(w, b);
}

function denseOf(weight: Matrix, bias: Float64Array): Dense {
  const magnitudes = magnitudesOf(weight.data);
  return {
    kind: 'dense',
    weight,
    bias,
    storesBias: true,
    inSize: weight.cols,
    outSize: weight.rows,
    terms: weight.cols,
    parameters: [weight.data, bias],
    linear: x => product(x, weight),
    adjoint: y => adjointProduct(y, weight),
    magnitude: x => product(x, matrix(weight.rows, weight.cols, magnitudes())),
    zeroGradient: () => ({ weight: room(weight.rows, weight.cols), bias: new Float64Array(weight.rows) }),
    accumulateGradient: (into, x, dy) => addGradient(into.weight, dy, x),
    withBias: next => {
      assertSize(next.length, weight.rows, 'dense', 'bias');
      return denseOf(weight, next);
    },
    taps: () => asTaps(weight),
    withParameters: (data, next) => denseOf(matrix(weight.rows, weight.cols, data), next),
    rounded: precision =>
      denseOf(matrix(weight.rows, weight.cols, roundAll(weight.data, precision)), roundAll(bias, precision)),
  };
}

/** A block with at most this share of non-zeros is multiplied entry by entry: directions of boxes and balls are. */
const SPARSE_SHARE = 1 / 8;

/** Looks no further than it must. */
function isSparse({ data }: Matrix): boolean {
  let left = Math.floor(SPARSE_SHARE * data.length);
  for (let i = 0; i < data.length; i++) if (data[i] !== 0 && --left < 0) return false;
  return true;
}

/** `X Wᵀ`, by the products that were loaded, if any. All ways sum in index order, to the same bits. */
function product(x: Matrix, w: Matrix): Matrix {
  assertSize(x.cols, w.cols, 'X Wᵀ', 'columns of X');
  // The frame of a large region after a bend: 0 in all columns of units that are flat there.
  const used = x.rows >= MANY_ROWS ? fewColumns(x) : undefined;
  if (used) return denseProduct(pickColumns(x, used), pickColumns(w, used));
  if (isSparse(x)) {
    const nonZeros = countNonZeros(x.data);
    // Turning W over costs as much as this many non-zeros, and then they meet whole rows.
    return nonZeros < w.cols ? multiplyTransposed(x, w) : multiply(x, transposed(w));
  }
  return denseProduct(x, w);
}

function denseProduct(x: Matrix, w: Matrix): Matrix {
  return fastProduct(() => asTaps(w), x, x.rows * w.data.length) ?? multiplyTransposed(x, w);
}

/** `Y W`, likewise. */
function adjointProduct(y: Matrix, w: Matrix): Matrix {
  assertSize(y.cols, w.rows, 'Y W', 'columns of Y');
  // Gradients of the frame of a large region are 0 but for the units that were shifted.
  const used = y.rows >= MANY_ROWS ? fewColumns(y) : undefined;
  if (used) return denseAdjoint(pickColumns(y, used), pickRows(w, used));
  return isSparse(y) ? multiply(y, w) : denseAdjoint(y, w);
}

function denseAdjoint(y: Matrix, w: Matrix): Matrix {
  return fastProduct(() => asTaps(transposed(w)), y, y.rows * w.data.length) ?? multiply(y, w);
}

/**
 * Adds `Yᵀ X`. Of the frame of a large region the gradient reaches the few units that were shifted, and few of those before are not flat:
 * only columns in use are multiplied.
 */
function addGradient(into: Matrix, y: Matrix, x: Matrix): void {
  const [units, inputs] = [fewColumns(y), fewColumns(x)];
  if (!units && !inputs) {
    addDenseGradient(into, y, x);
    return;
  }
  const [rows, columns] = [units ?? all(y.cols), inputs ?? all(x.cols)];
  const part = room(rows.length, columns.length);
  forBlock(rows, columns, into.cols, (at, k) => {
    part.data[k] = into.data[at];
  });
  addDenseGradient(part, units ? pickColumns(y, units) : y, inputs ? pickColumns(x, inputs) : x);
  forBlock(rows, columns, into.cols, (at, k) => {
    into.data[at] = part.data[k];
  });
}

/** Adds `Yᵀ X` `[m, k]` to `into`, given Y `[n, m]` and X `[n, k]`, by the products that were loaded, if any. */
export function addDenseGradient(into: Matrix, y: Matrix, x: Matrix): void {
  const work = into.data.length * x.rows;
  const isByKernel = work >= LEAST_GRADIENT_WORK && !isSparse(x);
  const sum = isByKernel ? fastProduct(() => asTaps(transposed(x)), transposed(y), work) : undefined;
  if (sum) addInto(into, sum);
  else addTransposedProduct(into, y, x);
}

/** Visits entries of a block of rows and columns of a matrix: where in the matrix, where in the block. */
function forBlock(
  rows: Int32Array,
  columns: Int32Array,
  cols: number,
  visit: (at: number, k: number) => void,
): void {
  for (let i = 0, k = 0; i < rows.length; i++)
    for (let j = 0; j < columns.length; j++, k++) visit(rows[i] * cols + columns[j], k);
}

/** Multiply-adds from which it pays to turn both blocks over for a kernel. */
const LEAST_GRADIENT_WORK = 2 ** 21;

/** Columns are picked where at most this share of them is in use: then copies cost less than what they save. */
const FEW_COLUMNS = 1 / 2;

function all(count: number): Int32Array {
  const indices = new Int32Array(count);
  for (let i = 0; i < count; i++) indices[i] = i;
  return indices;
}

/** Rows from which copies of the weights cost little beside what is multiplied. */
const MANY_ROWS = 8;

/** Columns that hold anything but 0, in order, where they are few. */
function fewColumns({ rows, cols, data }: Matrix): Int32Array | undefined {
  // Those that held nothing but 0 so far, in order: of a dense block few rows are looked at.
  const left = all(cols);
  let count = cols;
  const least = cols - Math.floor(FEW_COLUMNS * cols);
  for (let start = 0; start < rows * cols; start += cols) {
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const j = left[k];
      left[kept] = j;
      if (data[start + j] === 0) kept++;
    }
    count = kept;
    if (count < least) return undefined;
  }
  const used = new Int32Array(cols - count);
  for (let j = 0, k = 0, at = 0; j < cols; j++) {
    if (k < count && left[k] === j) k++;
    else used[at++] = j;
  }
  return used;
}

const ONE_POSITION: Int32Array = new Int32Array(1);

function asTaps({ rows, cols, data }: Matrix): TapProduct {
  return {
    groups: 1,
    inChannels: cols,
    outChannels: rows,
    inPlane: 1,
    outPlane: 1,
    taps: 1,
    positionOf: ONE_POSITION,
    weight: data,
  };
}
