import { assertFinite, assertSize } from '../../errors.js';
import { type Matrix, matrix } from '../../numeric/matrix.js';
import { withoutParameters } from './bias.js';
import type { AffineContract } from './contract.js';
import type { SparseOrigin } from './origin.js';
import { assertIntegers, invalidOption, type Shape, sizeOf } from './shapes.js';

/** A sparse matrix by rows: row j has `values[e]` in column `columns[e]` for `rowStart[j] ≤ e < rowStart[j + 1]`. */
export interface SparseRows {
  /** `[rows + 1]`, from 0 to the number of entries, never falling. */
  readonly rowStart: Int32Array;
  /** Rising within each row. */
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/**
 * `y = W x` with a sparse W that the layer's kind defines, such as pooling: nothing to train and nothing to store, so
 * there are no parameters, and `rounded` changes nothing.
 */
export interface Sparse extends AffineContract {
  readonly kind: 'sparse';
  readonly outShape: Shape;
  readonly rows: SparseRows;
  /** Absent for a bare matrix. */
  readonly origin?: SparseOrigin;
}

/** Of `operators.sparse`: the entries of a matrix that are not 0. */
export interface SparseOptions {
  readonly inSize: number;
  /** `[outSize, inSize]`. Not copied. */
  readonly rows: SparseRows;
  /**
   * Roundings in each weight, 1 for thirds and the like: they count in `terms`, so that error bounds hold for the
   * weights meant.
   * @defaultValue 0
   */
  readonly weightRoundings?: number;
  /** @defaultValue `[outSize]` */
  readonly outShape?: Shape;
}

/** A row with at most this share of non-zeros is multiplied entry by entry, to the same bits. */
const SPARSE_SHARE = 1 / 8;

/** The origin is taken as given. Throws `shape`, `not-finite` or `invalid-option`. */
export function sparse(options: SparseOptions, origin?: SparseOrigin): Sparse {
  const { inSize, rows, weightRoundings = 0, outShape } = options;
  const outSize = rows.rowStart.length - 1;
  assertRows(rows, inSize);
  assertSize(outShape ? sizeOf(outShape) : outSize, outSize, 'sparse', 'outShape');
  let columns: SparseRows | undefined;
  let absolute: Sparse | undefined;
  const transposed = () => {
    columns ??= transposeRows(rows, inSize);
    return columns;
  };
  const operator: Sparse = {
    kind: 'sparse',
    ...withoutParameters('sparse', outSize),
    inSize,
    outSize,
    outShape: outShape ?? [outSize],
    rows,
    ...(origin ? { origin } : {}),
    bias: new Float64Array(outSize),
    terms: longestRow(rows) + weightRoundings,
    parameters: [],
    linear: x => product(rows, transposed, x, outSize),
    adjoint: y => product(transposed(), () => rows, y, inSize),
    magnitude: x => {
      absolute ??= rows.values.every(value => value >= 0)
        ? operator
        : sparse({ inSize, rows: { ...rows, values: rows.values.map(Math.abs) } });
      return absolute.linear(x);
    },
    rounded: () => operator,
  };
  return operator;
}

/** `[n, k] → [n, outSize]`; every output sums in the order of the inputs, whichever way is taken. */
function product(rows: SparseRows, columns: () => SparseRows, x: Matrix, outSize: number): Matrix {
  const y = matrix(x.rows, outSize);
  for (let i = 0; i < x.rows; i++) {
    const from = x.data.subarray(i * x.cols, (i + 1) * x.cols);
    const to = y.data.subarray(i * outSize, (i + 1) * outSize);
    if (countNonZeros(from) <= SPARSE_SHARE * x.cols) spread(columns(), from, to);
    else collect(rows, from, to);
  }
  return y;
}

function collect({ rowStart, columns, values }: SparseRows, x: Float64Array, y: Float64Array): void {
  for (let j = 0; j < y.length; j++) {
    let sum = 0;
    for (let e = rowStart[j]; e < rowStart[j + 1]; e++) sum += values[e] * x[columns[e]];
    y[j] = sum;
  }
}

function spread({ rowStart, columns, values }: SparseRows, x: Float64Array, y: Float64Array): void {
  for (let k = 0; k < x.length; k++) {
    if (x[k] === 0) continue;
    for (let e = rowStart[k]; e < rowStart[k + 1]; e++) y[columns[e]] += values[e] * x[k];
  }
}

/** How many entries are not zero. */
export function countNonZeros(x: Float64Array): number {
  let count = 0;
  for (let k = 0; k < x.length; k++) if (x[k] !== 0) count++;
  return count;
}

function transposeRows({ rowStart, columns, values }: SparseRows, width: number): SparseRows {
  const start = new Int32Array(width + 1);
  for (const column of columns) start[column + 1]++;
  for (let k = 0; k < width; k++) start[k + 1] += start[k];
  const next = start.slice();
  const transposed: SparseRows = {
    rowStart: start,
    columns: new Int32Array(columns.length),
    values: new Float64Array(values.length),
  };
  for (let j = 0; j + 1 < rowStart.length; j++) {
    for (let e = rowStart[j]; e < rowStart[j + 1]; e++) {
      const to = next[columns[e]]++;
      transposed.columns[to] = j;
      transposed.values[to] = values[e];
    }
  }
  return transposed;
}

function longestRow({ rowStart }: SparseRows): number {
  let longest = 0;
  for (let j = 1; j < rowStart.length; j++) longest = Math.max(longest, rowStart[j] - rowStart[j - 1]);
  return longest;
}

function assertRows({ rowStart, columns, values }: SparseRows, inSize: number): void {
  assertIntegers([inSize], 1, 'sparse inSize', 0);
  assertSize(values.length, columns.length, 'sparse', 'values');
  assertFinite(values, 'sparse values');
  const ends = rowStart.length > 0 && rowStart[0] === 0 && rowStart[rowStart.length - 1] === columns.length;
  if (!ends || rowStart.some((start, j) => j > 0 && start < rowStart[j - 1])) {
    const expected = `starts from 0 to ${columns.length} that never fall`;
    throw invalidOption('sparse rowStart', expected, `${rowStart[0]} to ${rowStart[rowStart.length - 1]}`);
  }
  for (let j = 0; j + 1 < rowStart.length; j++) {
    for (let e = rowStart[j]; e < rowStart[j + 1]; e++) {
      const least = e > rowStart[j] ? columns[e - 1] + 1 : 0;
      if (columns[e] >= least && columns[e] < inSize) continue;
      const expected = `rising columns from 0 to ${inSize - 1} in row ${j}`;
      throw invalidOption('sparse columns', expected, `${columns[e]} at entry ${e}`);
    }
  }
}
