import {
  certify,
  type Enforced,
  enforce,
  type FrozenModel,
  freeze as freezeNetwork,
  type Network,
  type NetworkNode,
  network,
  type Region,
  type Sides,
} from '@police/core';
import type { NeuralNetwork } from 'brain.js';
import type { AnyNetwork, NetData } from './flat-layer.js';
import { fromNetwork } from './from-network.js';
import { plainNetwork } from './read.js';
import type { Settings } from './settings.js';

/** What a `PolicedNeuralNetwork` says of its constraint. */
export interface Constraint {
  readonly settings: Settings;
  readonly regions: readonly Region[];
  readonly sides: Sides;
}

/**
 * The network as a core network, in float64. A constrained one keeps its constraint: the shifts of its present weights
 * and sides lie on the nonlinearities. sigmoid and tanh of a plain one need `epsilon`, see `ConstrainOptions`.
 */
export function toNetwork(
  net: AnyNetwork,
  { epsilon }: { readonly epsilon?: number | undefined } = {},
): Network {
  return isConstrained(net) ? enforced(net).network : plainNetwork(net, epsilon);
}

const isConstrained = (net: AnyNetwork): net is AnyNetwork & Constraint =>
  'settings' in net && 'regions' in net && 'sides' in net;

function enforced(net: AnyNetwork & Constraint): Enforced {
  const { settings, regions, sides } = net;
  return enforce(plainNetwork(net, settings.epsilon), regions, { policy: settings.policy, sides });
}

/**
 * Folds the shifts into the biases and rounds so that the plain network's float32 weights, taken as real numbers, are
 * affine on every region exactly, or with `epsilon` up to what `certify` proves (core's `freeze`). The constrained network is
 * left as it is and can train on.
 */
export function freeze<InputType extends NetData, OutputType extends NetData>(
  net: NeuralNetwork<InputType, OutputType> & Constraint,
): FrozenModel<NeuralNetwork<InputType, OutputType>> {
  const { regions } = net;
  const { network: policed, report } = enforced(net);
  const frozen = freezeNetwork(policed, regions, { precision: 'float32' });
  const result = withoutZeroBiases(frozen.network, regions);
  const model = fromNetwork<InputType, OutputType>(result, net);
  return {
    model,
    network: result,
    get maps() {
      return enforce(result, regions).report.maps;
    },
    report,
  };
}

/** Far below any weight, yet no subnormal, which some runtimes flush to 0. */
const ALMOST_ZERO = 2 ** -126;

/**
 * brain.js's `toFunction` takes a bias of exactly 0 for a missing one and throws, so such a bias becomes ±2⁻¹²⁶,
 * whichever keeps the network affine exactly. Where neither does, it stays 0.
 */
function withoutZeroBiases(frozen: Network, regions: readonly Region[]): Network {
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
