import {
  _FusedMatMul,
  type _FusedMatMulAttrs,
  BatchMatMul,
  type TensorInfo,
  Transpose,
} from '@tensorflow/tfjs-core';
import { finished, isPerChannel } from './fused.js';
import { zeros } from './heap.js';
import { compose, type Replacement, renamed, replacement, view } from './kernel.js';
import { type Multiply, productOfEach } from './product.js';

/**
 * Transposes first, and multiplies batches as a tall matrix or one by one: see `product`. Bias and activation stay
 * upstream's, whose scalar loops, for transposed operands and for batches, also add the wrong elements of the bias. They are
 * kernels of their own for int32 and where upstream takes neither: see `isPerChannel`.
 */
export const fusedMatMul: Replacement = replacement<
  'a' | 'b' | 'bias' | 'preluActivationWeights',
  _FusedMatMulAttrs
>(_FusedMatMul, ({ inputs, attrs, backend, stock }) => {
  const { a, b } = inputs;
  const { transposeA, transposeB } = attrs;
  const [m, k] = transposeA ? [a.shape[2], a.shape[1]] : [a.shape[1], a.shape[2]];
  const n = transposeB ? b.shape[1] : b.shape[2];
  const batch = Math.max(a.shape[0], b.shape[0]);
  const isInteger = a.dtype === 'int32' && attrs.activation === 'linear';
  if (a.dtype !== 'float32' && !isInteger) return stock(inputs, attrs); // which refuses it
  if (batch * m * n === 0) return zeros(backend, [batch, m, n], a.dtype);
  if (isInteger || !isPerChannel(inputs, n)) {
    return compose(backend, run => {
      const y = run(BatchMatMul, { a, b }, { transposeA, transposeB });
      return finished(run, y, { ...inputs, ...attrs });
    });
  }
  const plain = { ...attrs, transposeA: false, transposeB: false };
  // The others are the bias and the weights of PReLU.
  const multiply: Multiply = (x, y) => stock({ ...inputs, a: x, b: y }, plain);
  return compose(backend, (run, own) => {
    const operand = (x: TensorInfo, transposed: boolean, emptyShape: number[]): TensorInfo => {
      // XNNPACK refuses sums of nothing and leaves the output uninitialised: sum one zero.
      if (k === 0) return own(zeros(backend, emptyShape, 'float32'));
      return transposed ? run(Transpose, { x }, { perm: [0, 2, 1] }) : x;
    };
    const left = operand(a, transposeA, [a.shape[0], m, 1]);
    const right = operand(b, transposeB, [b.shape[0], 1, n]);
    if (batch === 1) return multiply(left, right);
    if (right.shape[0] === 1) {
      return renamed(multiply(view(left, [1, batch * m, left.shape[2]]), right), [batch, m, n]);
    }
    const each = Array.from({ length: batch }, (_, i) => [i, i] as const);
    return productOfEach(backend, multiply, left, right, false, false, each);
  });
});
