import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { words, zeros } from './heap.js';

/**
 * `op(a) op(b)` for each pair of matrices of int32, op being the transpose where asked for, which upstream refuses: confusion
 * matrices. Modulo 2³², as int32 is.
 *
 * @param a [batchA, …, …], and b [batchB, …, …]
 * @param pairs the matrices of a and b that output i is of
 */
export function integerProduct(
  backend: BackendWasm,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  pairs: (readonly [number, number])[],
): TensorInfo {
  const [rowsA, columnsA] = a.shape.slice(1);
  const [rowsB, columnsB] = b.shape.slice(1);
  const [m, k, n] = [
    transposeA ? columnsA : rowsA,
    transposeA ? rowsA : columnsA,
    transposeB ? rowsB : columnsB,
  ];
  const [alongM, alongK] = transposeA ? [1, columnsA] : [columnsA, 1];
  const [downK, downN] = transposeB ? [1, columnsB] : [columnsB, 1];
  const out = zeros(backend, [pairs.length, m, n], 'int32');
  const [to, left, right] = words(backend, out, a, b);
  let at = 0;
  for (const [indexA, indexB] of pairs) {
    const [startA, startB] = [indexA * rowsA * columnsA, indexB * rowsB * columnsB];
    for (let i = 0; i < m; i++, at += n) {
      for (let p = 0; p < k; p++) {
        const factor = left[startA + i * alongM + p * alongK];
        if (factor === 0) continue; // most of them are, one-hot
        const row = startB + p * downK;
        for (let j = 0; j < n; j++) to[at + j] += Math.imul(factor, right[row + j * downN]);
      }
    }
  }
  return out;
}
