import { addProduct } from '@police/core/adapter';
import type { FlatLayer, FlatNetwork } from './flat-network.js';

/** What one sample leaves in a network, by layer; index 0 is the input. Allocated once. */
export interface SampleState {
  /** `[size]` each. */
  readonly values: readonly Float64Array[];
  /** Derivatives of the squashes at the present states. */
  readonly slopes: readonly Float64Array[];
  /** Error responsibilities, `target − output` carried back: minus the gradient of half the squared error. */
  readonly errors: readonly Float64Array[];
}

export function sampleState({ inputSize, layers }: FlatNetwork): SampleState {
  const sizes = [inputSize, ...layers.map(({ units }) => units)];
  const arrays = () => sizes.map(size => new Float64Array(size));
  return { values: arrays(), slopes: arrays(), errors: arrays() };
}

/**
 * The library's forward pass, with `shifts[l]` `[units]` before each squash: `values` are left as the library computes
 * them, bit for bit where the shifts are zero.
 */
export function forwardSample(
  { layers }: FlatNetwork,
  { values, slopes }: SampleState,
  shifts: readonly Float64Array[],
  input: ArrayLike<number>,
): void {
  const x = values[0];
  for (let i = 0; i < x.length; i++) x[i] = input[i];
  for (let l = 0; l < layers.length; l++) {
    const { units, bias, blocks } = layers[l];
    const y = values[l + 1];
    y.set(bias);
    for (let b = 0; b < blocks.length; b++) {
      const { source, sourceSize, weights } = blocks[b];
      addProduct(weights, units, sourceSize, values[source], 0, y, 0);
    }
    applySquash(layers[l], y, slopes[l + 1], shifts[l]);
  }
}

function applySquash(
  { units, squash }: FlatLayer,
  y: Float64Array,
  slopes: Float64Array,
  shift: Float64Array,
): void {
  for (let j = 0; j < units; j++) {
    const state = y[j] + shift[j];
    y[j] = squash(state);
    slopes[j] = squash(state, true);
  }
}

/**
 * The library's backward pass and update, in its order: layer by layer from the output, whose error is `target − output`
 * whatever its squash; each layer's weights learn before the errors of the layer below are taken from them. Those
 * errors are hence no exact gradients: they are off by terms of the order of the rate.
 *
 * `errors[0]` stays zero: the input has none.
 */
export function learnSample(
  { layers }: FlatNetwork,
  { values, slopes, errors }: SampleState,
  rate: number,
  target: ArrayLike<number>,
): void {
  const last = layers.length;
  const output = values[last];
  for (let l = 1; l < last; l++) errors[l].fill(0);
  for (let j = 0; j < output.length; j++) errors[last][j] = target[j] - output[j];
  for (let l = last; l > 0; l--) {
    const { units, bias, blocks } = layers[l - 1];
    const d = errors[l];
    if (l < last) for (let j = 0; j < units; j++) d[j] *= slopes[l][j];
    for (let b = 0; b < blocks.length; b++) {
      const { source, sourceSize, weights } = blocks[b];
      const below = source > 0 ? errors[source] : undefined;
      learnBlock(weights, units, sourceSize, d, rate, values[source], below);
    }
    for (let j = 0; j < units; j++) bias[j] += rate * d[j];
  }
}

/**
 * The library's step of one block: `W += rate · (d xᵀ)`, then, if there are `errors` `[size]` of the source to
 * collect, `errors += Wᵀ d` with the weights *just updated*.
 */
function learnBlock(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  rate: number,
  x: Float64Array,
  errors: Float64Array | undefined,
): void {
  for (let j = 0; j < units; j++) {
    const error = d[j];
    if (error === 0) continue;
    let q = j * size;
    if (!errors) {
      for (let p = 0; p < size; p++, q++) w[q] += rate * (error * x[p]);
      continue;
    }
    for (let p = 0; p < size; p++, q++) {
      const weight = w[q] + rate * (error * x[p]);
      w[q] = weight;
      errors[p] += error * weight;
    }
  }
}
