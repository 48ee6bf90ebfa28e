import type { Matrix, Rng } from '@police/core';
import { randomArray, seededRng } from '@police/testing/helpers';
import { NeuralNetwork } from 'brain.js';
import type { AnyNetwork } from '../src/flat-layer.js';

export { policeError as errorOf } from '@police/testing/conformance';
export { largestDifference, makeRegion, type RegionKind, seededRng } from '@police/testing/helpers';

export type Activation = 'relu' | 'leaky-relu' | 'sigmoid' | 'tanh';

export const FLOAT32_ROUNDOFF = 2 ** -24;

/** widths[0] → … → widths.at(-1), weights seeded, of order gain · √(3 / inputs), biases of order `bias`. */
export function makeNet(
  widths: readonly number[],
  activation: Activation,
  seed: number,
  options: Record<string, unknown> = {},
  bias = 0.5,
  gain = 1,
): NeuralNetwork<number[], number[]> {
  const net = new NeuralNetwork<number[], number[]>({
    inputSize: widths[0],
    hiddenLayers: widths.slice(1, -1),
    outputSize: widths[widths.length - 1],
    activation,
    ...options,
  });
  net.initialize();
  setWeights(net, seededRng(seed), bias, gain);
  return net;
}

export function setWeights(net: AnyNetwork, rng: Rng, bias = 0.5, gain = 1): void {
  for (let l = 1; l <= net.outputLayer; l++) {
    for (const row of net.weights[l]) row.set(randomArray(rng, row.length, gain * Math.sqrt(3 / row.length)));
    net.biases[l].set(randomArray(rng, net.biases[l].length, bias));
  }
}

/** Every weight and bias, copied. */
export const weightsOf = (net: AnyNetwork): number[] =>
  net.weights.flatMap((rows, l) => (l === 0 ? [] : [...rows.flatMap(row => [...row]), ...net.biases[l]]));

export const toData = (x: Matrix, y: Matrix): { input: number[]; output: number[] }[] =>
  Array.from({ length: x.rows }, (_, i) => ({ input: rowAt(x, i), output: rowAt(y, i) }));

export const rowAt = ({ cols, data }: Matrix, i: number): number[] =>
  Array.from(data.subarray(i * cols, (i + 1) * cols));

/** The net's outputs on rows. */
export function runAll(net: AnyNetwork, x: Matrix): Matrix {
  const rows = Array.from({ length: x.rows }, (_, i) => Array.from(net.run(rowAt(x, i)) as Float32Array));
  return { rows: x.rows, cols: rows[0].length, data: Float64Array.from(rows.flat()) };
}
