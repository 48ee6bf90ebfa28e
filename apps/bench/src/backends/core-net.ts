import { seededRng, uniform } from '@police/common/random';
import {
  type Activation,
  chain,
  type Dense,
  dense,
  leakyRelu,
  type Matrix,
  matrix,
  type Network,
} from '@police/core';
import type { BenchCase } from '../cases/case.js';
import { type LayerWeights, LEAK, layerWeights, widthsOf } from '../cases/seeded.js';

/** The weights of a dense case, layer by layer. */
export function denseWeights({ model, seed }: BenchCase): LayerWeights[] {
  if (model.kind !== 'dense') throw new Error('only dense nets');
  const widths = widthsOf(model);
  return widths.slice(1).map((width, i) => layerWeights(widths[i], width, seed, i));
}

/** The layers of a dense case in core. */
export const coreLayers = (spec: BenchCase): Dense[] =>
  denseWeights(spec).map(({ inSize, outSize, kernel, bias }) => {
    const weight = matrix(outSize, inSize);
    for (let k = 0; k < inSize; k++)
      for (let j = 0; j < outSize; j++) weight.data[j * inSize + k] = kernel[k * outSize + j];
    return dense(weight, bias);
  });

/** The network in core, float64 arithmetic on float32 weights. */
export const coreNetwork = (spec: BenchCase, layers: readonly Dense[] = coreLayers(spec)): Network =>
  chained(layers, leakyRelu(LEAK));

/** The activation after every layer but the last. */
const chained = (layers: readonly Dense[], activation: Activation): Network =>
  chain(
    layers[0].inSize,
    layers.flatMap((layer, i) => (i + 1 < layers.length ? [layer, activation] : [layer])),
  );

/** A dense network of uniform weights of variance `gain` / inputs, and biases up to `bias`, or none. */
export function randomNetwork(
  widths: readonly number[],
  activation: Activation,
  seed: number,
  { gain = 1, bias = 0 }: { gain?: number; bias?: number } = {},
): Network {
  const rng = seededRng(seed);
  const layers = widths.slice(1).map((rows, i) => {
    const cols = widths[i];
    const data = uniform(new Float64Array(rows * cols), Math.sqrt((3 * gain) / cols), rng);
    return dense({ rows, cols, data }, bias > 0 ? uniform(new Float64Array(rows), bias, rng) : undefined);
  });
  return chained(layers, activation);
}

/** Rows as a matrix of core. */
export const matrixOf = (data: ArrayLike<number>, cols: number): Matrix => ({
  rows: data.length / cols,
  cols,
  data: Float64Array.from(data),
});

/** The vertices `[P, D]`. */
export function vertexMatrix(vertices: readonly Float64Array[]): Matrix {
  const stacked = matrix(vertices.length, vertices[0].length);
  vertices.forEach((vertex, p) => {
    stacked.data.set(vertex, p * stacked.cols);
  });
  return stacked;
}
