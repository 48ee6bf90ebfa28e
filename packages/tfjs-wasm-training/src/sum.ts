import {
  backend_util,
  Mean,
  type MeanAttrs,
  Sum,
  type SumAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { floats, sizeOf, type Values, values, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/**
 * Upstream transposes to sum along any but the last axes, as the gradient of every bias and the mean of every
 * batch-norm do: [128, 256] over its rows takes 0.12 ms, row by row 0.02 ms ([1024, 1024]: 9 and 0.7 ms). It also
 * leaves the output uninitialised where the input is empty.
 */
export const sum: Replacement = replacement<'x', SumAttrs>(Sum, ({ inputs, attrs, backend, stock }) => {
  const { x } = inputs;
  const columns = columnsOf(x, attrs.axis);
  if (sizeOf(x) === 0) return zeros(backend, outShape(x, attrs), x.dtype);
  if (!columns || (x.dtype !== 'float32' && x.dtype !== 'int32')) return stock(inputs, attrs);
  const out = zeros(backend, outShape(x, attrs), x.dtype);
  const [from, to] = values(backend, x, out);
  addRows(from, to, columns);
  return out;
});

/** As `sum`; the mean of nothing is 0, as on cpu. */
export const mean: Replacement = replacement<'x', MeanAttrs>(Mean, ({ inputs, attrs, backend, stock }) => {
  const { x } = inputs;
  const columns = columnsOf(x, attrs.axis);
  if (sizeOf(x) === 0) return zeros(backend, outShape(x, attrs), 'float32');
  if (!columns || x.dtype !== 'float32') return stock(inputs, attrs);
  const out = zeros(backend, outShape(x, attrs), 'float32');
  const [from, to] = floats(backend, x, out);
  addRows(from, to, columns);
  for (let i = 0; i < to.length; i++) to[i] /= columns.rows;
  return out;
});

interface Columns {
  batch: number;
  rows: number;
  columns: number;
}

/** The input as [batch, rows, columns] to be summed over its rows; undefined if it is not that or upstream is fast. */
function columnsOf(x: TensorInfo, axis: number | number[]): Columns | undefined {
  const axes = util.parseAxisParam(axis, x.shape).sort((p, q) => p - q);
  if (axes.length === 0 || axes.some((a, i) => a !== axes[0] + i)) return;
  const [first, last] = [axes[0], axes[axes.length - 1]];
  const columns = util.sizeFromShape(x.shape.slice(last + 1));
  const rows = util.sizeFromShape(x.shape.slice(first, last + 1));
  if (columns === 1) return;
  return { batch: util.sizeFromShape(x.shape.slice(0, first)), rows, columns };
}

function outShape(
  x: TensorInfo,
  { axis, keepDims }: { axis: number | number[]; keepDims: boolean },
): number[] {
  const axes = util.parseAxisParam(axis, x.shape);
  const [shape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  return keepDims ? backend_util.expandShapeToKeepDim(shape, axes) : shape;
}

/** Adds the rows to the zeros in `to`, four at a time: the output is read and written a quarter as often. */
function addRows(from: Values, to: Values, { batch, rows, columns }: Columns): void {
  for (let b = 0; b < batch; b++) {
    const out = b * columns;
    let row = b * rows * columns;
    const end = row + rows * columns;
    for (; row + 4 * columns <= end; row += 4 * columns) {
      const [second, third, fourth] = [row + columns, row + 2 * columns, row + 3 * columns];
      for (let j = 0; j < columns; j++) {
        to[out + j] += from[row + j] + from[second + j] + (from[third + j] + from[fourth + j]);
      }
    }
    for (; row < end; row += columns) for (let j = 0; j < columns; j++) to[out + j] += from[row + j];
  }
}
