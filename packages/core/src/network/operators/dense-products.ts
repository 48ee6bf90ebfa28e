import { assertSize } from '../../errors.js';
import {
  addInto,
  addTransposedProduct,
  columnRange,
  type Matrix,
  multiply,
  multiplyTransposed,
  pickColumns,
  pickRows,
  room,
  rowOf,
  rowRange,
  transposed,
  unsetRoom,
} from '../../numeric/matrix.js';
import { Scratch, withScratch } from '../../numeric/scratch.js';
import type { TapProduct } from '../../numeric/tap-product.js';
import { upTo } from '../../numeric/up-to.js';
import { fastProduct, isWorthwhile } from './fast-product.js';
import { countNonZeros } from './sparse.js';

/** A block with at most this share of non-zeros is multiplied entry by entry: directions of boxes and balls are. */
const SPARSE_SHARE = 1 / 8;

/** Looks no further than it must. */
function isSparse({ data }: Matrix): boolean {
  let left = Math.floor(SPARSE_SHARE * data.length);
  for (let i = 0; i < data.length; i++) if (data[i] !== 0 && --left < 0) return false;
  return true;
}

/** `X Wᵀ`, by the products that were loaded, if any; of what `of` makes of W's rows. All ways sum in index order, to the same bits. */
export function product(x: Matrix, w: Matrix, of: (rows: Matrix) => Matrix = rows => rows): Matrix {
  assertSize(x.cols, w.cols, 'X Wᵀ', 'columns of X');
  // The frame of a large region after a bend: 0 in all columns of units that are flat there.
  const used = x.rows >= MANY_ROWS ? fewColumns(x) : undefined;
  const few = used ? pickColumns(x, used) : x;
  const nonZeros = !used && isSparse(x) ? countNonZeros(x.data) : undefined;
  return bySlices(x.rows, w.rows, w.cols, (from, to) => {
    const rows = of(rowRange(w, from, to));
    if (nonZeros === undefined) return denseProduct(few, used ? pickColumns(rows, used) : rows);
    // Turning W over costs as much as this many non-zeros, and then they meet whole rows.
    return nonZeros < w.cols ? multiplyTransposed(x, rows) : multiply(x, transposed(rows));
  });
}

function denseProduct(x: Matrix, w: Matrix): Matrix {
  return fastProduct(() => asTaps(w), x, x.rows * w.data.length) ?? multiplyTransposed(x, w);
}

/** Weights that are prepared for a product at a time: copies of a large layer's would be as large as the layer. */
const MOST_WEIGHTS = 2 ** 20;

/** `[rows, count]`, made by columns `from` to `to`, each of which reads so many weights; what is prepared for some is let go before the next. */
function bySlices(
  rows: number,
  count: number,
  weights: number,
  make: (from: number, to: number) => Matrix,
): Matrix {
  const each = Math.max(WIDE, Math.floor(MOST_WEIGHTS / weights));
  if (count <= each) return make(0, count);
  const y = unsetRoom(rows, count);
  const scratch = new Scratch();
  for (let from = 0; from < count; from += each) {
    const part = withScratch(scratch, () => make(from, Math.min(count, from + each)));
    for (let i = 0; i < rows; i++) y.data.set(rowOf(part, i), i * count + from);
    scratch.reclaim();
  }
  return y;
}

/** Columns that a kernel makes together. */
const WIDE = 4;

/** `Y W`, likewise. */
export function adjointProduct(y: Matrix, w: Matrix): Matrix {
  assertSize(y.cols, w.rows, 'Y W', 'columns of Y');
  // Gradients of the frame of a large region are 0 but for the units that were shifted.
  const used = y.rows >= MANY_ROWS ? fewColumns(y) : undefined;
  if (used) return denseAdjoint(pickColumns(y, used), w, used);
  return isSparse(y) ? multiply(y, w) : denseAdjoint(y, w);
}

/** Of some rows of W, or of all. */
function denseAdjoint(y: Matrix, w: Matrix, rows?: Int32Array): Matrix {
  const work = y.rows * y.cols * w.cols;
  if (!isWorthwhile(y.rows, work)) return multiply(y, rows ? pickRows(w, rows) : w);
  return bySlices(y.rows, w.cols, y.cols, (from, to) => {
    const slice = to - from === w.cols ? w : columnRange(w, from, to);
    return denseProduct(y, transposed(rows ? pickRows(slice, rows) : slice));
  });
}

/**
 * Adds `Yᵀ X`. Of the frame of a large region the gradient reaches the few units that were shifted, and few of those before are not flat:
 * only columns in use are multiplied.
 */
export function addGradient(into: Matrix, y: Matrix, x: Matrix): void {
  const [units, inputs] = [fewColumns(y), fewColumns(x)];
  if (!units && !inputs) {
    addDenseGradient(into, y, x);
    return;
  }
  const [rows, columns] = [units ?? upTo(y.cols), inputs ?? upTo(x.cols)];
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

/** Rows from which copies of the weights cost little beside what is multiplied. */
const MANY_ROWS = 8;

/** Columns that hold anything but 0, in order, where they are few. */
function fewColumns({ rows, cols, data }: Matrix): Int32Array | undefined {
  // Those that held nothing but 0 so far, in order: of a dense block few rows are looked at.
  const left = upTo(cols);
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

export function asTaps({ rows, cols, data }: Matrix): TapProduct {
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
