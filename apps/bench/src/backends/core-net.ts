import { chain, type Dense, dense, leakyRelu, type Matrix, matrix, type Network } from '@police/core';
import { type BenchCase, inputSizeOf } from '../cases/case.js';
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
export function coreNetwork(spec: BenchCase, layers: readonly Dense[] = coreLayers(spec)): Network {
  const chained = layers.flatMap((layer, i) => (i + 1 < layers.length ? [layer, leakyRelu(LEAK)] : [layer]));
  return chain(inputSizeOf(spec.model), chained);
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
