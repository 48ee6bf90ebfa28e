import { numpy as np, tree } from '@jax-js/jax';
import { type AffineMap, type Matrix, matrix, type Region } from '@police/core';
import { firstMap } from '@police/core/adapter';
import { type Format, numbersOf, type Tensor, tensorOf } from '../arrays.js';
import type { TensorTree } from '../checks.js';
import type { Apply } from '../policed-function.js';

/** The affine function x A + b that a region is given: A `[D, out]`, b `[out]`. A pytree, trained with the model. */
export type RegionMap = { A: Tensor; b: Tensor };

/** The parameters of the function, and a map for each region: all of them are trained. */
export type WithMaps<P> = { inner: P; maps: RegionMap[] };

/** The map as numbers, A `[out, D]`; the arrays are left as they are. */
export const numbersOfMap = ({ A, b }: RegionMap): AffineMap => ({
  A: transposed(matrix(A.shape[0], A.shape[1], numbersOf(A))),
  b: numbersOf(b),
});

export const tensorsOfMap = ({ A, b }: AffineMap, dtype: Format): RegionMap => ({
  A: tensorOf(transposed(A).data, [A.cols, A.rows], dtype),
  b: tensorOf(b, [b.length], dtype),
});

export function transposed({ rows, cols, data }: Matrix): Matrix {
  const values = data.map((_, i) => data[(i % rows) * cols + Math.floor(i / rows)]);
  return matrix(cols, rows, values);
}

/** The format of the parameters; without any, float32. */
export const formatOf = (params: TensorTree): Format =>
  (tree.leaves<Tensor>(params)[0]?.dtype ?? np.float32) as Format;

/** The affine map nearest to a function on a region. The parameters are left as they are. */
export function fitOf<P extends TensorTree>(
  apply: Apply<P>,
  params: P,
  region: Region,
  rowShape: readonly number[],
  where: string,
): AffineMap {
  const run = (x: Matrix): Matrix => {
    const rows = tensorOf(x.data, [x.rows, ...rowShape], formatOf(params));
    const y = apply(tree.ref(params), rows);
    const values = numbersOf(y);
    y.dispose();
    return matrix(x.rows, values.length / x.rows, values);
  };
  return firstMap(region, run, where);
}
