import {
  type Activation,
  assertFinite,
  type ChainLayer,
  chain,
  dense,
  leakyRelu,
  type Network,
  PoliceError,
  relu,
} from '@police/core';
import type { AnyNetwork } from './flat-layer.js';
import { activationName, layerName } from './names.js';

/** Throws `unsupported-activation` for a function that no bias shift makes affine. */
export function assertActivation(name: string): asserts name is 'relu' | 'leaky-relu' {
  if (name === 'relu' || name === 'leaky-relu') return;
  throw new PoliceError({
    code: 'unsupported-activation',
    where: 'activation',
    expected: "'relu' or 'leaky-relu'",
    actual: `'${name}'`,
    remedy:
      "sigmoid and tanh are curved everywhere, so no bias makes them affine on a region. Build the network with { activation: 'leaky-relu' }; brain.js applies it to the output layer too, so scale the targets to be positive.",
  });
}

/** Slope of the network's activation below 0. */
export function slopeBelow(net: AnyNetwork): number {
  return net.trainOpts.activation === 'relu' ? 0 : net.trainOpts.leakyReluAlpha;
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
 * activation included. Throws `not-finite`, naming the layer.
 */
export function plainNetwork(net: AnyNetwork): Network {
  assertActivation(`${net.trainOpts.activation}`);
  assertInitialized(net);
  const alpha = slopeBelow(net);
  const activation: Activation = net.trainOpts.activation === 'relu' ? relu() : leakyRelu(alpha);
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
