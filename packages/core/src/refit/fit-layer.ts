import type { AffineOperator } from '../network/affine-operator.js';
import { applyAffine } from '../network/affine-operator.js';
import { asStored, type ProductOperator, productOf, withProduct } from '../network/product-layer.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Rng } from '../numeric/random.js';
import { patchesOf } from './patches.js';
import { ridgeChange } from './ridge.js';

/**
 * The layer with the weights for which it best gives the targets `[n, outSize]` on x `[n, inSize]`, see {@link ridgeChange}: a dense layer row by row,
 * a convolution patch by patch, each group of channels by itself, with one bias a channel. What is no product comes back as it is.
 */
export function fittedLayer(
  operator: AffineOperator,
  x: Matrix,
  target: Matrix,
  ridge: number,
  rng: Rng,
): AffineOperator {
  const product = productOf(operator);
  if (!product) return operator;
  if (operator.kind !== 'permuted') return fittedProduct(product, x, target, ridge, rng);
  const { inputs, outputs } = operator;
  const [inner, given] = [inputs ? inputs.linear(x) : x, outputs ? outputs.adjoint(target) : target];
  return withProduct(operator, fittedProduct(product, inner, given, ridge, rng));
}

function fittedProduct(
  product: ProductOperator,
  x: Matrix,
  target: Matrix,
  ridge: number,
  rng: Rng,
): ProductOperator {
  const missing = applyAffine(product, x);
  for (let i = 0; i < missing.data.length; i++) missing.data[i] = target.data[i] - missing.data[i];
  const taps = product.taps();
  const weight = taps.weight.slice();
  const bias = product.parameters[1].slice();
  const [channels, fan] = [taps.outChannels, taps.inChannels * taps.taps];
  for (let group = 0; group < taps.groups; group++) {
    const change = ridgeChange(patchesOf(taps, group, x, missing, rng), ridge);
    for (let i = 0; i < channels * fan; i++) weight[group * channels * fan + i] += change.weight.data[i];
    for (let o = 0; o < channels; o++) bias[group * channels + o] += change.bias[o];
  }
  return product.withParameters(asStored(product, weight), bias);
}
