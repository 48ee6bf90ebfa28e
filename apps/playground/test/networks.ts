import { seededRng } from '@police/common/random';
import { abs, chain, dense, elu, leakyRelu, matrix, type Network, relu } from '@police/core';
import type { ActivationName } from '../src/state/settings.js';

const activations = { relu, leakyRelu: () => leakyRelu(0.01), abs, elu };

/** A network `inputs` → 5 → 4 → `outputs` of random weights. */
export function randomChain(
  seed: number,
  activation: ActivationName,
  { inputs = 2, outputs = 1 }: { inputs?: number; outputs?: number } = {},
): Network {
  const random = seededRng(seed);
  const numbers = (count: number) =>
    Float64Array.from({ length: count }, () => Math.fround(2 * random() - 1));
  const layer = (from: number, to: number) => dense(matrix(to, from, numbers(from * to)), numbers(to));
  const bend = activations[activation];
  return chain(inputs, [layer(inputs, 5), bend(), layer(5, 4), bend(), layer(4, outputs)]);
}
