import * as tf from '@tensorflow/tfjs-core';
import { affine, timesTransposed, transposedTimes } from '../ops/affine-op.js';
import { type ComposedKernel, runComposed } from '../ops/kernel.js';
import { isReadAtOnce, peek } from '../ops/peek.js';

/**
 * `x W` for frames x `[rows, in]` and W `[in, out]`, whose gradient leaves out the rows that have none: only frame points
 * on which some later shift depends have a gradient. A simplex of 785 vertices before 1024 units: 461 rows in the last
 * layer but one, and more the farther back.
 */
export function frameProduct(x: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D {
  return runComposed(kernel, { x, w }) as tf.Tensor2D;
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceFrameProduct',
  kernelFunc: ({ inputs }) => {
    const { x, w } = inputs as unknown as { x: tf.Tensor2D; w: tf.Tensor2D };
    return x.shape[0] === 1 ? tf.tidy(() => tf.sum(tf.mul(w, column(x)), 0, true)) : affine(x, w);
  },
  gradient: {
    inputsToSave: ['x', 'w'],
    gradFunc: (dyIn, saved) => {
      const dy = dyIn as tf.Tensor2D;
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      if (x.shape[0] === 1) {
        return { x: () => tf.reshape(tf.sum(tf.mul(w, dy), 1), x.shape), w: () => tf.mul(column(x), dy) };
      }
      const rows = rowsWithGradient(dy);
      const dyRows = () => pickRows(dy, rows);
      return {
        x: () => placeRows(timesTransposed(dyRows(), w), rows, x.shape),
        w: () => transposedTimes(pickRows(x, rows), dyRows()),
      };
    },
  },
};

/** A row as a column: what multiplies a single row with W by sums of W, which packs nothing. */
const column = (row: tf.Tensor2D): tf.Tensor2D => tf.reshape(row, [row.shape[1], 1]);

/** Fewer rows are not worth the picking. */
const FEW = 32;

/** The rows that are not zero; undefined where that is no fewer, or none. */
function rowsWithGradient(dy: tf.Tensor2D): number[] | undefined {
  const [rows, units] = dy.shape;
  if (rows < FEW || !isReadAtOnce()) return undefined;
  const values = peek(dy);
  const isZero = (row: number) => {
    for (let i = row * units; i < (row + 1) * units; i++) if (values[i] !== 0) return false;
    return true;
  };
  const found = Array.from({ length: rows }, (_, row) => row).filter(row => !isZero(row));
  return found.length === rows || found.length === 0 ? undefined : found;
}

/** Rows of x, all if undefined. Copied here: on the wasm backend `tf.gather` takes as long as a third of a product. */
function pickRows(x: tf.Tensor2D, rows: readonly number[] | undefined): tf.Tensor2D {
  if (!rows) return x;
  const size = x.shape[1];
  const values = peek(x);
  const picked = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    picked.set(values.subarray(row * size, (row + 1) * size), i * size);
  });
  return tf.tensor2d(picked, [rows.length, size]);
}

/** Picked rows back among zeros. */
function placeRows(
  y: tf.Tensor2D,
  rows: readonly number[] | undefined,
  [count, size]: [number, number],
): tf.Tensor2D {
  if (!rows) return y;
  const values = peek(y);
  const placed = new Float32Array(count * size);
  rows.forEach((row, i) => {
    placed.set(values.subarray(i * size, (i + 1) * size), row * size);
  });
  return tf.tensor2d(placed, [count, size]);
}
