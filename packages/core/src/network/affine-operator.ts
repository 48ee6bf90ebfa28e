import { addToRows, type Matrix, sumRows } from '../numeric/matrix.js';
import type { AffineContract, AffineGradient } from './operators/contract.js';
import type { Conv } from './operators/conv.js';
import type { ConvTranspose } from './operators/conv-transpose.js';
import type { Dense } from './operators/dense.js';
import type { Fixed } from './operators/fixed.js';
import type { Gather } from './operators/gather.js';
import type { Permuted } from './operators/permuted.js';
import type { Scale } from './operators/scale.js';
import type { Sparse } from './operators/sparse.js';

/**
 * An affine operator of one's own: networks, proofs and gradients ask for the contract only. Writers of other formats
 * refuse it by its name.
 */
export interface Custom extends AffineContract {
  readonly kind: 'custom';
  readonly name: string;
}

/** What `permuted` may reorder: it joins two reorderings to one. */
type Unpermuted = Dense | Conv | ConvTranspose | Gather | Sparse | Scale | Fixed | Custom;

/** An affine layer: by `kind`, what it is made of, and for all kinds the contract `AffineContract`. */
export type AffineOperator = Unpermuted | Permuted<Unpermuted>;

/** `linear(x) + bias` on every row. */
export function applyAffine(operator: AffineContract, x: Matrix): Matrix {
  return addToRows(operator.linear(x), operator.bias);
}

/** Adds the gradient of `y = linear(x) + bias`: the weights' and, summed over rows, the bias's. */
export function accumulateAffineGradient(
  operator: AffineContract,
  into: AffineGradient,
  x: Matrix,
  dy: Matrix,
): void {
  operator.accumulateGradient(into, x, dy);
  if (!operator.storesBias) return;
  const { biasGroups } = operator;
  sumRows(dy).forEach((sum, j) => {
    into.bias[biasGroups ? biasGroups[j] : j] += sum;
  });
}
