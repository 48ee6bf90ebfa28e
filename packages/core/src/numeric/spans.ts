/**
 * What is done to columns `from` to `to` of rows that begin at `start`, … up to `end` in the data of a block: loops over plain arrays and numbers,
 * each a function of its own. In a closure over matrices, which come with ranges and without, the same loop takes five to ten times as long.
 */

/** Takes x of column j, row after row, into `into[j]`. */
export type Accumulate = (
  data: Float64Array,
  start: number,
  end: number,
  cols: number,
  from: number,
  to: number,
  into: Float64Array,
) => void;

/** `into[j] += Σ |x|`. */
export const addAbsolutes: Accumulate = (data, start, end, cols, from, to, into) => {
  let a = start;
  // Four rows at a time: each sum is read and written once.
  for (; a + 3 * cols < end; a += 4 * cols) {
    const b = a + cols;
    const c = b + cols;
    const d = c + cols;
    for (let j = from; j < to; j++) {
      into[j] =
        into[j] +
        Math.abs(data[a + j]) +
        Math.abs(data[b + j]) +
        Math.abs(data[c + j]) +
        Math.abs(data[d + j]);
    }
  }
  for (; a < end; a += cols) for (let j = from; j < to; j++) into[j] += Math.abs(data[a + j]);
};

/** `into[j] += Σ x²`. */
export const addSquares: Accumulate = (data, start, end, cols, from, to, into) => {
  for (let a = start; a < end; a += cols)
    for (let j = from; j < to; j++) into[j] += data[a + j] * data[a + j];
};

/** `into[j] = max(into[j], |x|, …)`. */
export const maximiseAbsolutes: Accumulate = (data, start, end, cols, from, to, into) => {
  for (let a = start; a < end; a += cols)
    for (let j = from; j < to; j++) into[j] = Math.max(into[j], Math.abs(data[a + j]));
};

/** `into = x · factors[j]`, at the same place. */
export function writeScaled(
  data: Float64Array,
  start: number,
  end: number,
  cols: number,
  from: number,
  to: number,
  factors: Float64Array,
  into: Float64Array,
): void {
  for (let a = start; a < end; a += cols)
    for (let j = from; j < to; j++) into[a + j] = data[a + j] * factors[j];
}

/** `into += factor · x`, at the same place. */
export function addMultiple(
  data: Float64Array,
  start: number,
  end: number,
  cols: number,
  from: number,
  to: number,
  factor: number,
  into: Float64Array,
): void {
  for (let a = start; a < end; a += cols) for (let j = from; j < to; j++) into[a + j] += factor * data[a + j];
}

/** `into = x`, at the same place from `at` on. */
export function copySpan(
  data: Float64Array,
  start: number,
  end: number,
  cols: number,
  from: number,
  to: number,
  into: Float64Array,
  at: number,
): void {
  for (let a = start + from; a < end; a += cols) copyRange(data, a, to - from, into, at + a);
}

/** `into[k] = x[columns[k]]`, of the row that begins at `start` to the one that begins at `at`, for k `from` to `to`. */
export function copyPicked(
  data: Float64Array,
  start: number,
  columns: ArrayLike<number>,
  into: Float64Array,
  at: number,
  from: number = 0,
  to: number = columns.length,
): void {
  for (let k = from; k < to; k++) into[at + k] = data[start + columns[k]];
}

/** `into = x`, so many entries from `start` on to `at` on. */
export function copyRange(
  data: Float64Array,
  start: number,
  length: number,
  into: Float64Array,
  at: number,
): void {
  for (let i = 0; i < length; i++) into[at + i] = data[start + i];
}
