import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { Slice, type TensorInfo, Transpose } from '@tensorflow/tfjs-core';
import { sizeOf, words, zeros } from './heap.js';
import { compose, type Run, renamed, view } from './kernel.js';

/** `a b` of matrices [1, m, k] and [1, k, n]: upstream's product without transposes. */
export type Multiply = (a: TensorInfo, b: TensorInfo) => TensorInfo;

/**
 * `op(a) op(b)` [1, m, n] of two matrices [1, …, …], op being the transpose where asked for.
 *
 * Upstream multiplies by XNNPACK only where neither operand is transposed, and by scalar loops elsewhere, 10 to 50
 * times slower. So transpose first: either the operands that ask for it, or the others and then the result,
 * `op(a) op(b) = (op(b)ᵀ op(a)ᵀ)ᵀ`, whichever moves less. XNNPACK packs its right operand anew, at twice the price of a
 * transpose.
 */
export function product(
  backend: BackendWasm,
  multiply: Multiply,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  if (!transposeA && !transposeB) return multiply(a, b);
  const [m, n] = [transposeA ? a.shape[2] : a.shape[1], transposeB ? b.shape[1] : b.shape[2]];
  const [sizeA, sizeB] = [sizeOf(a), sizeOf(b)];
  const direct = (transposeA ? sizeA : 0) + (transposeB ? sizeB : 0) + 2 * sizeB;
  const mirrored = (transposeA ? 0 : sizeA) + (transposeB ? 0 : sizeB) + m * n + 2 * sizeA;
  return compose(backend, (run, own) => {
    const flip = (x: TensorInfo) => run(Transpose, { x }, { perm: [0, 2, 1] });
    if (direct <= mirrored) return multiply(transposeA ? flip(a) : a, transposeB ? flip(b) : b);
    return flip(own(multiply(transposeB ? b : flip(b), transposeA ? a : flip(a))));
  });
}

/**
 * `op(a) op(b)` for each matrix of the batches [batchA, …, …] and [batchB, …, …], `pairs` of which are multiplied:
 * output i is of matrices `pairs[i]`, any index being that of the only one of a batch of 1. One by one, because upstream multiplies batches by scalar loops:
 * 16 products of 64 × 64 take 2.8 ms, one by one 1.4 ms.
 */
export function productOfEach(
  backend: BackendWasm,
  multiply: Multiply,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  pairs: (readonly [number, number])[],
): TensorInfo {
  const [m, n] = [transposeA ? a.shape[2] : a.shape[1], transposeB ? b.shape[1] : b.shape[2]];
  const out = zeros(backend, [pairs.length, m, n], 'float32');
  pairs.forEach(([i, j], at) => {
    const one = compose(backend, run =>
      product(backend, multiply, matrix(run, a, i), matrix(run, b, j), transposeA, transposeB),
    );
    const [from, to] = words(backend, one, out);
    to.set(from, at * m * n);
    backend.disposeData(one.dataId);
  });
  return out;
}

function matrix(run: Run, x: TensorInfo, i: number): TensorInfo {
  const [, rows, columns] = x.shape;
  if (x.shape[0] === 1) return x;
  return run(Slice, { x }, { begin: [i, 0, 0], size: [1, rows, columns] });
}

/** As `product`, a batch on the left sharing one matrix on the right: the rows of the batch are one tall matrix. */
export function tallProduct(
  backend: BackendWasm,
  multiply: Multiply,
  a: TensorInfo,
  b: TensorInfo,
  transposeB: boolean,
): TensorInfo {
  const [batch, m, k] = a.shape;
  const out = product(backend, multiply, view(a, [1, batch * m, k]), b, false, transposeB);
  return renamed(out, [batch, m, out.shape[2]]);
}
