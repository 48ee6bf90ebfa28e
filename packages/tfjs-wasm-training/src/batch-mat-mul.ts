import {
  BatchMatMul,
  type BatchMatMulAttrs,
  broadcast_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { deferred } from './deferred.js';
import { zeros } from './heap.js';
import { integerProduct } from './integer-product.js';
import { type Replacement, renamed, replacement, view } from './kernel.js';
import { type Multiply, product, productOfEach, tallProduct } from './product.js';

/** Products of fewer multiplications are faster in upstream's loops than one by one with XNNPACK's fixed cost. */
const WORTH_A_CALL = 1 << 16;

/**
 * Products with explicit transposes, and of batches one by one: see `product`. Upstream, like cpu,
 * gets batches wrong of which each is broadcast along another axis, [2, 1] against [1, 3]; this one does not.
 * And upstream leaves the output uninitialised where there is nothing to sum, and refuses int32.
 */
export const batchMatMul: Replacement = replacement<'a' | 'b', BatchMatMulAttrs>(
  BatchMatMul,
  ({ inputs, attrs, backend, stock }) => {
    const { a, b } = inputs;
    const { transposeA, transposeB } = attrs;
    const isInteger = a.dtype === 'int32' && b.dtype === 'int32';
    if (!isInteger && (a.dtype !== 'float32' || b.dtype !== 'float32')) return stock(inputs, attrs);

    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const [a3, b3] = [as3d(a), as3d(b)];
    const [m, k] = transposeA ? [a3.shape[2], a3.shape[1]] : [a3.shape[1], a3.shape[2]];
    const [n, inner] = transposeB ? [b3.shape[1], b3.shape[2]] : [b3.shape[2], b3.shape[1]];
    util.assert(k === inner, () => `BatchMatMul: inner sizes ${k} and ${inner} of ${a.shape} and ${b.shape}`);
    const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const shape = [...batch, m, n];
    if (m * n * k * util.sizeFromShape(batch) === 0) return zeros(backend, shape, a.dtype);
    if (isInteger) {
      const pairs = pairsOf(batchA, batchB, batch);
      return renamed(integerProduct(backend, a3, b3, transposeA, transposeB, pairs), shape);
    }

    const multiply: Multiply = (x, y) =>
      stock({ a: x, b: y }, { transposeA: false, transposeB: false }) as TensorInfo;
    const compute = (x: TensorInfo, y: TensorInfo): TensorInfo => {
      if (x.shape[0] === 1 && y.shape[0] === 1)
        return product(backend, multiply, x, y, transposeA, transposeB);
      if (y.shape[0] === 1 && !transposeA) return tallProduct(backend, multiply, x, y, transposeB);
      const alike = util.arraysEqual(batchA, batchB);
      if (alike && m * n * k < WORTH_A_CALL) return stock({ a: x, b: y }, attrs);
      return productOfEach(backend, multiply, x, y, transposeA, transposeB, pairsOf(batchA, batchB, batch));
    };
    // The shape of a layer's gradient to its input, which the first layer has no use for.
    if (transposeB && !transposeA) {
      return deferred(backend, shape, 'float32', [a3, b3], (x, y) => renamed(compute(x, y), shape));
    }
    return renamed(compute(a3, b3), shape);
  },
);

const as3d = (x: TensorInfo): TensorInfo => {
  const [rows, columns] = x.shape.slice(-2);
  return view(x, [util.sizeFromShape(x.shape.slice(0, -2)), rows, columns]);
};

/** For each index of the broadcast batch, the flat indices into the two. */
function pairsOf(batchA: number[], batchB: number[], batch: number[]): (readonly [number, number])[] {
  const indexIn = (shape: number[], flat: number): number => {
    let [index, stride, rest] = [0, 1, flat];
    for (let axis = 1; axis <= batch.length; axis++) {
      const size = batch[batch.length - axis];
      const own = shape[shape.length - axis] ?? 1;
      if (own > 1) index += stride * (rest % size);
      stride *= own;
      rest = Math.floor(rest / size);
    }
    return index;
  };
  const count = util.sizeFromShape(batch);
  return Array.from({ length: count }, (_, i) => [indexIn(batchA, i), indexIn(batchB, i)] as const);
}
