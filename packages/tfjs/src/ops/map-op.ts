import * as tf from '@tensorflow/tfjs-core';
import { affine, timesTransposed } from './affine-op.js';
import { type ComposedKernel, runComposed } from './kernel.js';
import { isReadAtOnce, peek } from './peek.js';
import { writtenTensors } from './written-tensors.js';

/**
 * `x A + b` of few columns, for x `[n, D]`, A `[D, out]`, b `[out]`. As `affine`, but made for a gradient dy that is 0 in most rows: on
 * backends whose values can be read at once, only the others are looked at, and x is not transposed.
 */
export function affineMap(x: tf.Tensor2D, A: tf.Tensor2D, b: tf.Tensor1D): tf.Tensor2D {
  return runComposed(kernel, { x, A, b }) as tf.Tensor2D;
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceMap',
  kernelFunc: ({ inputs }) => {
    const { x, A, b } = inputs as unknown as { x: tf.Tensor2D; A: tf.Tensor2D; b: tf.Tensor1D };
    return tf.tidy(() => tf.fused.matMul({ a: x, b: A, bias: b }));
  },
  gradient: {
    inputsToSave: ['x', 'A'],
    gradFunc: (dyIn, saved) => {
      const dy = dyIn as tf.Tensor2D;
      const [x, A] = saved as [tf.Tensor2D, tf.Tensor2D];
      return {
        x: () => timesTransposed(dy, A),
        A: () => transposedTimes(x, dy),
        b: () => tf.sum(dy, 0),
      };
    },
  },
};

/** Multiply-adds of the loop below that take as long as to transpose one number. */
const LOOP_COST = 2;

/** `xᵀ dy`, `[D, out]`. */
function transposedTimes(x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  const [rows, out] = dy.shape;
  const used = isReadAtOnce() ? usedRows(peek(dy), out) : undefined;
  if (!used || used.length * out > LOOP_COST * rows) return affine(tf.transpose(x), dy);
  const inSize = x.shape[1];
  const [product] = writtenTensors([[inSize, out]], ([into]) => {
    const [values, gradients] = [peek(x), peek(dy)];
    for (const row of used) {
      for (let k = 0; k < inSize; k++) {
        const value = values[row * inSize + k];
        for (let j = 0; j < out; j++) into[k * out + j] += value * gradients[row * out + j];
      }
    }
  });
  return product as tf.Tensor2D;
}

/** The rows that are not all 0. */
function usedRows(values: Float32Array, cols: number): number[] {
  const rows: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    const row = Math.floor(i / cols);
    rows.push(row);
    i = (row + 1) * cols - 1;
  }
  return rows;
}
