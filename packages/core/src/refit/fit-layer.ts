import type { AffineOperator } from '../network/affine-operator.js';
import { applyAffine } from '../network/affine-operator.js';
import { asStored, type ProductOperator, productOf, withProduct } from '../network/product-layer.js';
import { linearCombination, type Matrix, rowRange } from '../numeric/matrix.js';
import type { Rng } from '../numeric/random.js';
import type { TapProduct } from '../numeric/tap-product.js';
import { patchesOf } from './patches.js';
import { type HeldRows, ridgeChange } from './ridge.js';

/**
 * What the outputs do on the regions is to be little, too: adds weight · n · d · Σ ‖W f‖² over the d directions f of each region's frame at the layer's
 * input, `[d + 1, inSize]`, to the sum of squares (of a convolution on average over positions). √(d Σ (w · f)²) bounds how far, over a box, a unit goes
 * either way from its value at the origin, and so what it has to be shifted.
 */
export interface Narrowing {
  readonly frames: readonly Matrix[];
  readonly weight: number;
}

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
  narrowing: Narrowing = { frames: [], weight: 0 },
): AffineOperator {
  const product = productOf(operator);
  if (!product) return operator;
  if (operator.kind !== 'permuted') return fittedProduct(product, x, target, ridge, rng, narrowing);
  const { inputs, outputs } = operator;
  const within = (block: Matrix) => (inputs ? inputs.linear(block) : block);
  const given = outputs ? outputs.adjoint(target) : target;
  const inner = { ...narrowing, frames: narrowing.frames.map(within) };
  return withProduct(operator, fittedProduct(product, within(x), given, ridge, rng, inner));
}

function fittedProduct(
  product: ProductOperator,
  x: Matrix,
  target: Matrix,
  ridge: number,
  rng: Rng,
  narrowing: Narrowing,
): ProductOperator {
  const missing = applyAffine(product, x);
  for (let i = 0; i < missing.data.length; i++) missing.data[i] = target.data[i] - missing.data[i];
  const taps = product.taps();
  const weight = taps.weight.slice();
  const bias = product.parameters[1].slice();
  const [channels, fan] = [taps.outChannels, taps.inChannels * taps.taps];
  const directions = narrowing.frames
    .filter(frame => frame.rows > 1)
    .map(frame => directionsThrough(product, rowRange(frame, 1, frame.rows)));
  for (let group = 0; group < taps.groups; group++) {
    const rows = patchesOf(taps, group, x, missing, rng);
    const held = directions.map(each => heldRows(taps, group, each, rng, narrowing.weight * rows.count));
    const change = ridgeChange(rows, ridge, held);
    for (let i = 0; i < channels * fan; i++) weight[group * channels * fan + i] += change.weight.data[i];
    for (let o = 0; o < channels; o++) bias[group * channels + o] += change.bias[o];
  }
  return product.withParameters(asStored(product, weight), bias);
}

/** Directions `[d, inSize]`, and by what weights have to change their outputs to have none. */
function directionsThrough(product: ProductOperator, f: Matrix): { readonly f: Matrix; readonly y: Matrix } {
  return { f, y: linearCombination([product.linear(f)], [-1]) };
}

/** See {@link Narrowing}, for one group of a product. */
function heldRows(
  taps: TapProduct,
  group: number,
  { f, y }: { readonly f: Matrix; readonly y: Matrix },
  rng: Rng,
  weight: number,
): HeldRows {
  const rows = patchesOf(taps, group, f, y, rng);
  const positions = rows.count / f.rows;
  return { rows, weight: (weight * f.rows) / positions };
}
