import {
  certify,
  enforce,
  type FrozenLayer,
  freeze as freezeNetwork,
  type Network,
  type NetworkNode,
  network,
} from '@police/core';
import type { NeuralNetwork } from 'brain.js';
import type { AnyNetwork, NetData } from './flat-layer.js';
import type { PolicedNeuralNetwork } from './policed-network.js';
import { plainNetwork } from './read.js';
import { write } from './write.js';

/**
 * The network as a core network, in float64. A constrained one keeps its constraint: the shifts of its present weights
 * and sides lie on the nonlinearities. sigmoid and tanh of a plain one need `epsilon`, see `ConstrainOptions`.
 */
export function toNetwork(net: AnyNetwork, { epsilon }: { readonly epsilon?: number } = {}): Network {
  if (!isPoliced(net)) return plainNetwork(net, epsilon);
  const { settings, regions, sides } = net;
  return enforce(plainNetwork(net, settings.epsilon), regions, { policy: settings.policy, sides }).network;
}

/** Without importing the class, which imports this file. */
function isPoliced(net: AnyNetwork): net is PolicedNeuralNetwork {
  return 'settings' in net && 'regions' in net;
}

export interface FrozenNet<InputType extends NetData, OutputType extends NetData> {
  /** A plain NeuralNetwork, its float32 weights exactly affine on the regions. */
  readonly model: NeuralNetwork<InputType, OutputType>;
  /** The same weights as a core network, for export and verification. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Folds the shifts into the biases and rounds so that the plain network's float32 weights, taken as real numbers, are
 * affine on every region exactly, or with `epsilon` up to what `certify` proves (core's `freeze`). The constrained network is left as it is and can train on.
 */
export function freeze<InputType extends NetData, OutputType extends NetData>(
  net: PolicedNeuralNetwork<InputType, OutputType>,
): FrozenNet<InputType, OutputType> {
  const { regions } = net;
  const frozen = freezeNetwork(toNetwork(net), regions, { precision: 'float32' });
  const networkWithBiases = withoutZeroBiases(frozen.network, net);
  const model = write<InputType, OutputType>(networkWithBiases, net);
  return { model, network: networkWithBiases, layers: frozen.layers };
}

/** Far below any weight, yet no subnormal, which some runtimes flush to 0. */
const ALMOST_ZERO = 2 ** -126;

/**
 * brain.js's `toFunction` takes a bias of exactly 0 for a missing one and throws, so such a bias becomes ±2⁻¹²⁶,
 * whichever keeps the network affine exactly. Where neither does, it stays 0.
 */
function withoutZeroBiases(
  frozen: Network,
  { regions }: { readonly regions: PolicedNeuralNetwork['regions'] },
): Network {
  return [ALMOST_ZERO, -ALMOST_ZERO].reduce((net, value) => {
    const hasZero = net.nodes.some(node => node.kind === 'affine' && node.operator.bias.includes(0));
    if (!hasZero) return net;
    const nudged = network(net.nodes.map(node => withBiasFor0(node, value)));
    return certify(nudged, regions).certified ? nudged : net;
  }, frozen);
}

function withBiasFor0(node: NetworkNode, value: number): NetworkNode {
  if (node.kind !== 'affine') return node;
  return { ...node, operator: node.operator.withBias(node.operator.bias.map(b => (b === 0 ? value : b))) };
}
