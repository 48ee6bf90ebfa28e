import {
  type Activation,
  type ChainLayer,
  chain,
  dense,
  leakyRelu,
  type Network,
  PoliceError,
  relu,
  sigmoid,
  tanh,
} from '@police/core';
import { assertFinite } from '@police/core/adapter';
import type { AnyNetwork } from './flat-layer.js';
import { activationName, layerName } from './names.js';

/**
 * The network's activation; sigmoid and tanh up to `epsilon` on their tails. Throws `unsupported-activation` for these without
 * one, as no bias shift makes them affine.
 */
export function activationOf({ trainOpts }: Pick<AnyNetwork, 'trainOpts'>, epsilon?: number): Activation {
  const { activation: name, leakyReluAlpha } = trainOpts;
  if (name === 'relu') return relu();
  if (name === 'leaky-relu') return leakyRelu(leakyReluAlpha);
  if (epsilon !== undefined && name === 'sigmoid') return sigmoid(epsilon);
  if (epsilon !== undefined && name === 'tanh') return tanh(epsilon);
  throw new PoliceError({
    code: 'unsupported-activation',
    where: 'activation',
    expected: "'relu' or 'leaky-relu', or 'sigmoid' or 'tanh' with epsilon",
    actual: `'${name}'`,
    remedy:
      "sigmoid and tanh are curved everywhere, so no bias makes them affine on a region. Build the network with { activation: 'leaky-relu' }; brain.js applies it to the output layer too, so scale the targets to be positive. Or pass epsilon, the distance from affine that you accept: every unit then sits on a flat tail there.",
  });
}

/** Throws `unsupported-layer` unless the network has weights. */
export function assertInitialized(net: AnyNetwork): void {
  if (net.outputLayer > 0 && net.weights.length === net.sizes.length) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: 'network',
    expected: 'a network with weights',
    actual: 'one that is not initialized',
    remedy: 'Train it, or give it inputSize and outputSize and call initialize().',
  });
}

/**
 * The network's own weights as a core network, in float64: layers `layer_1`, `layer_1_activation`, …, the output's
 * activation included. `epsilon` as for {@link activationOf}. Throws `not-finite`, naming the layer.
 */
export function plainNetwork(net: AnyNetwork, epsilon?: number): Network {
  const activation = activationOf(net, epsilon);
  assertInitialized(net);
  const layers: ChainLayer[] = [];
  const names: string[] = [];
  for (let l = 0; l < net.outputLayer; l++) {
    const rows = net.weights[l + 1];
    const biases = net.biases[l + 1];
    rows.forEach((row, j) => {
      assertFinite(row, `${layerName(l)} (weights of node ${j})`);
    });
    assertFinite(biases, `${layerName(l)} (biases)`);
    layers.push(dense(rows, biases), activation);
    names.push(layerName(l), activationName(l));
  }
  return chain(net.sizes[0], layers, names);
}
