import { assertSize, PoliceError } from '../errors.js';
import { columnsIn, type Live, markRanges, rangesOf, unitedRanges } from './live.js';
import { addOuterProducts, addProducts, addTransposed } from './products.js';
import { unset, zeros } from './scratch.js';
import { addMultiple, copyPicked, copySpan, writeScaled } from './spans.js';

/** A dense row-major block of float64 values; entry (i, j) is `data[i * cols + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
  /** Outside of these columns every row is 0; absent where nobody looked. */
  readonly live?: Live;
}

/** Values `[rows, cols]` in either precision, as a {@link Matrix} lies in memory. */
export interface Block {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array | Float64Array;
}

/** A `[rows, cols]` matrix over `data` (not copied), or of zeros. Throws `shape` if the sizes disagree. */
export function matrix(rows: number, cols: number, data?: Float64Array): Matrix {
  if (data) assertSize(data.length, rows * cols, 'matrix', `data for ${rows} × ${cols}`);
  return { rows, cols, data: data ?? new Float64Array(rows * cols) };
}

/** Copies an array of equally long rows. `cols` is needed only when there may be no rows. */
export function matrixFromRows(
  rows: readonly ArrayLike<number>[],
  cols: number = rows[0]?.length ?? 0,
): Matrix {
  const result = matrix(rows.length, cols);
  rows.forEach((row, i) => {
    if (row.length !== cols) {
      throw new PoliceError({
        code: 'shape',
        where: `row ${i}`,
        expected: `${cols} entries`,
        actual: `${row.length}`,
      });
    }
    result.data.set(row, i * cols);
  });
  return result;
}

/** Row `i` as a view that shares the matrix's memory. */
export function rowOf(m: Matrix, i: number): Float64Array {
  return rowRange(m, i, i + 1).data;
}

/** Rows `from` (included) to `to` (excluded) as a view that shares the matrix's memory. */
export function rowRange(m: Matrix, from: number, to: number): Matrix {
  return { rows: to - from, cols: m.cols, data: m.data.subarray(from * m.cols, to * m.cols) };
}

/** Rows whose ranges are visited together: what is next to one another in memory is, in time. */
const ROWS_TOGETHER = 4;

/**
 * Visits all that may be other than 0 of the rows from `first` on: columns `from` to `to` of rows that begin at `start`, … up to `end` in the data, all
 * of a column in order.
 */
export function forLive(
  { rows, cols, live }: Matrix,
  visit: (start: number, end: number, from: number, to: number) => void,
  first = 0,
): void {
  const end = rows * cols;
  if (!live) visit(first * cols, end, 0, cols);
  else
    for (let start = first * cols; start < end; start += ROWS_TOGETHER * cols)
      for (let r = 0; r < live.length; r += 2)
        visit(start, Math.min(end, start + ROWS_TOGETHER * cols), live[r], live[r + 1]);
}

/** Zeros `[rows, cols]` from the scratch, see {@link zeros}. */
export function room(rows: number, cols: number): Matrix {
  return { rows, cols, data: zeros(rows * cols) };
}

/** Room for `[rows, cols]` all of which is written before it is read, see {@link unset}. */
export function unsetRoom(rows: number, cols: number): Matrix {
  return { rows, cols, data: unset(rows * cols) };
}

/** Copies what may be other than 0 to `into`, entry by entry at the same place from `start` on. */
export function copyLive(m: Matrix, into: Float64Array, start: number): void {
  const { cols, data } = m;
  if (m.live) forLive(m, (begin, end, from, to) => copySpan(data, begin, end, cols, from, to, into, start));
  else into.set(data, start);
}

/** Share of the columns that is worth looking for. */
const LIVE_SHARE = 1 / 2;

/** The same rows with the columns that are not 0, where these are few. */
export function withLive(rows: Matrix): Matrix {
  const { cols, data } = rows;
  const isLive = new Uint8Array(cols);
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) if (data[start + j] !== 0) isLive[j] = 1;
  const live = rangesOf(isLive);
  return columnsIn(live) <= LIVE_SHARE * cols ? { ...rows, live } : rows;
}

/** Operators that do not tell which columns of their result are not 0 are looked after, where few of their inputs' are. */
export const withLiveOf = (inputs: readonly Matrix[], rows: Matrix): Matrix =>
  rows.live || inputs.every(({ live }) => !live) ? rows : withLive(rows);

/** The rows of all blocks, in order. All must have the same number of columns. */
export function stackRows(blocks: readonly Matrix[], cols: number): Matrix {
  const result = matrix(
    blocks.reduce((sum, block) => sum + block.rows, 0),
    cols,
  );
  let offset = 0;
  for (const block of blocks) {
    assertSize(block.cols, cols, 'stackRows', 'columns');
    result.data.set(block.data, offset);
    offset += block.data.length;
  }
  return result;
}

/** A row with at most this share of non-zeros is multiplied entry by entry: frames of boxes and balls are. */
const SPARSE_SHARE = 1 / 8;

/** `X Wᵀ`: `[n, k] × [m, k] → [n, m]`. Every entry is summed in index order, so its error is below γ_k. */
export function multiplyTransposed(x: Matrix, w: Matrix): Matrix {
  assertSize(x.cols, w.cols, 'X Wᵀ', 'columns of X');
  const k = x.cols;
  const m = w.rows;
  const out = room(x.rows, m);
  splitByDensity(
    x,
    (i, nonZeros, count) => {
      for (let j = 0; j < m; j++) {
        let sum = 0;
        for (let s = 0; s < count; s++) sum += x.data[i * k + nonZeros[s]] * w.data[j * k + nonZeros[s]];
        out.data[i * m + j] = sum;
      }
    },
    (from, to) => addProducts(w.data, m, k, x.data, from * k, out.data, from * m, to - from),
  );
  return out;
}

/**
 * Goes through the rows in order: rows of few non-zeros one by one, with the columns of these, runs of others `from` to `to` at once. Each
 * row is looked at once.
 */
function splitByDensity(
  x: Matrix,
  sparse: (row: number, nonZeros: Int32Array, count: number) => void,
  dense: (from: number, to: number) => void,
): void {
  const nonZeros = new Int32Array(x.cols);
  let from = 0;
  for (let i = 0; i < x.rows; i++) {
    const count = collectNonZeros(x.data, i * x.cols, x.cols, nonZeros);
    if (count > x.cols * SPARSE_SHARE) continue;
    if (from < i) dense(from, i);
    sparse(i, nonZeros, count);
    from = i + 1;
  }
  if (from < x.rows) dense(from, x.rows);
}

function collectNonZeros(a: Float64Array, start: number, length: number, into: Int32Array): number {
  let count = 0;
  for (let p = 0; p < length; p++) if (a[start + p] !== 0) into[count++] = p;
  return count;
}

/** `Y W`: `[n, m] × [m, k] → [n, k]`. */
export function multiply(y: Matrix, w: Matrix): Matrix {
  assertSize(y.cols, w.rows, 'Y W', 'columns of Y');
  const out = room(y.rows, w.cols);
  addTransposed(w.data, w.rows, w.cols, y.data, out.data, y.rows);
  return out;
}

/** Adds `Yᵀ X` to `into`: `[n, m]ᵀ × [n, k] → [m, k]`. */
export function addTransposedProduct(into: Matrix, y: Matrix, x: Matrix): void {
  assertSize(y.rows, x.rows, 'Yᵀ X', 'rows of Y');
  const [m, k] = [y.cols, x.cols];
  splitByDensity(
    x,
    (i, nonZeros, count) => {
      for (let j = 0; j < m; j++) {
        const factor = y.data[i * m + j];
        for (let s = 0; s < count; s++)
          into.data[j * k + nonZeros[s]] += factor * x.data[i * k + nonZeros[s]];
      }
    },
    (from, to) => {
      const [d, rows] = [y.data.subarray(from * m, to * m), x.data.subarray(from * k, to * k)];
      addOuterProducts(into.data, m, k, d, rows, to - from);
    },
  );
}

/** Adds `vector` `[cols]` to every row, in place. */
export function addToRows(m: Matrix, vector: ArrayLike<number>): Matrix {
  assertSize(vector.length, m.cols, 'addToRows', 'vector');
  const { cols, data } = m;
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) data[start + j] += vector[j];
  return m;
}

/** Column sums, `[cols]`. */
export function sumRows(m: Matrix): Float64Array {
  const sums = new Float64Array(m.cols);
  for (let i = 0; i < m.rows; i++) for (let j = 0; j < m.cols; j++) sums[j] += m.data[i * m.cols + j];
  return sums;
}

/** Adds `term` to `sum`, whose memory the result keeps. */
export function addInto(sum: Matrix, term: Matrix): Matrix {
  forLive(term, (start, end, from, to) =>
    addMultiple(term.data, start, end, term.cols, from, to, 1, sum.data),
  );
  const { rows, cols, data } = sum;
  return sum.live && term.live
    ? { rows, cols, data, live: unitedRanges([sum.live, term.live], cols) }
    : { rows, cols, data };
}

/** `Σ coefficientᵢ · blockᵢ` of blocks of one size; all coefficients 1 by default. */
export function linearCombination(blocks: readonly Matrix[], coefficients?: readonly number[]): Matrix {
  const [{ rows, cols }] = blocks;
  const ranges = blocks.map(block => block.live).filter(live => live !== undefined);
  const live = ranges.length === blocks.length ? { live: unitedRanges(ranges, cols) } : {};
  const sum = { ...room(rows, cols), ...live };
  blocks.forEach((block, k) => {
    const factor = coefficients ? coefficients[k] : 1;
    forLive(block, (start, end, from, to) =>
      addMultiple(block.data, start, end, cols, from, to, factor, sum.data),
    );
  });
  return sum;
}

/** The columns of all blocks side by side; the blocks have the same number of rows. */
export function concatColumns(blocks: readonly Matrix[]): Matrix {
  const cols = blocks.reduce((sum, block) => sum + block.cols, 0);
  const result = room(blocks[0].rows, cols);
  let start = 0;
  for (const block of blocks) {
    for (let i = 0; i < block.rows; i++) result.data.set(rowOf(block, i), i * cols + start);
    start += block.cols;
  }
  return result;
}

/** Columns `from` (included) to `to` (excluded), copied. */
export function columnRange(m: Matrix, from: number, to: number): Matrix {
  const result = unsetRoom(m.rows, to - from);
  for (let i = 0; i < m.rows; i++) result.data.set(rowOf(m, i).subarray(from, to), i * (to - from));
  return result;
}

/** Columns of a matrix, in the order given. */
export function pickColumns(m: Matrix, columns: ArrayLike<number>): Matrix {
  const { rows, cols, data, live } = m;
  const count = columns.length;
  if (!live) {
    const picked = unsetRoom(rows, count);
    for (let i = 0; i < rows; i++) copyPicked(data, i * cols, columns, picked.data, i * count);
    return picked;
  }
  const isLive = new Uint8Array(cols);
  markRanges(live, isLive);
  const isPicked = new Uint8Array(count);
  for (let k = 0; k < count; k++) isPicked[k] = isLive[columns[k]];
  const picked = { ...room(rows, count), live: rangesOf(isPicked) };
  forLive(picked, (start, end, from, to) => {
    for (let a = start; a < end; a += count)
      copyPicked(data, (a / count) * cols, columns, picked.data, a, from, to);
  });
  return picked;
}

/** Rows that are turned over at a time: as many numbers as a line of a cache holds. */
const TILE = 8;

/** `Xᵀ`. */
export function transposed(x: Matrix): Matrix {
  const y = unsetRoom(x.cols, x.rows);
  for (let from = 0; from < x.rows; from += TILE) {
    const to = Math.min(x.rows, from + TILE);
    for (let j = 0; j < x.cols; j++)
      for (let i = from; i < to; i++) y.data[j * x.rows + i] = x.data[i * x.cols + j];
  }
  return y;
}

/** Rows of a matrix, in the order given. */
export function pickRows(m: Matrix, rows: ArrayLike<number>): Matrix {
  const picked = unsetRoom(rows.length, m.cols);
  for (let i = 0; i < rows.length; i++) picked.data.set(rowOf(m, rows[i]), i * m.cols);
  return picked;
}

/** Every column times a factor; without factors a copy. */
export function scaleColumns(m: Matrix, factors?: Float64Array): Matrix {
  const { rows, cols, data, live } = m;
  const scaled = live ? { ...room(rows, cols), live } : unsetRoom(rows, cols);
  if (factors) {
    forLive(m, (start, end, from, to) => writeScaled(data, start, end, cols, from, to, factors, scaled.data));
  } else copyLive(m, scaled.data, 0);
  return scaled;
}

/** Largest absolute entry. */
export function largestEntry(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/** Euclidean norm, of a matrix's entries its Frobenius norm. */
export function norm(values: Float64Array): number {
  let sum = 0;
  for (const x of values) sum += x * x;
  return Math.sqrt(sum);
}

/** Entries that can be passed to one call whatever the stack. */
const ENTRIES_A_CALL = 4096;

/** Euclidean length of any number of entries, whose squares may overflow or vanish. */
export function lengthOf(values: Float64Array | readonly number[]): number {
  let length = 0;
  for (let from = 0; from < values.length; from += ENTRIES_A_CALL) {
    length = Math.hypot(length, ...values.slice(from, from + ENTRIES_A_CALL));
  }
  return length;
}

/** The identity `[n, n]`. */
export function identity(n: number): Matrix {
  const one = matrix(n, n);
  for (let i = 0; i < n; i++) one.data[i * n + i] = 1;
  return one;
}
