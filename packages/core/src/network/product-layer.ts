import type { AffineOperator } from './affine-operator.js';
import type { Conv } from './operators/conv.js';
import { channelsSwapped } from './operators/conv-taps.js';
import type { ConvTranspose } from './operators/conv-transpose.js';
import type { Dense } from './operators/dense.js';
import { permuted } from './operators/permuted.js';

/** What is one product with weights of its own. */
export type ProductOperator = Dense | Conv | ConvTranspose;

/** The product that an operator is, reorderings around it left out; undefined where it is none. */
export function productOf(operator: AffineOperator): ProductOperator | undefined {
  const inner = operator.kind === 'permuted' ? operator.inner : operator;
  return inner.kind === 'dense' || inner.kind === 'conv' || inner.kind === 'convTranspose'
    ? inner
    : undefined;
}

/** The operator with another product in the place of {@link productOf} it, of the same sizes. */
export function withProduct(operator: AffineOperator, product: ProductOperator): AffineOperator {
  return operator.kind === 'permuted' ? permuted(product, operator) : product;
}

/** Weights in the order of a product's `taps()` in the one that it stores: of a transposed convolution channels lie the other way round. */
export function asStored(product: ProductOperator, weight: Float64Array): Float64Array {
  return product.kind === 'convTranspose' ? channelsSwapped(product.taps(), weight) : weight;
}
