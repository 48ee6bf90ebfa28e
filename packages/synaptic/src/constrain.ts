import { type Enforced, enforce, type Network, type TrainingOptions } from '@police/core';
import { alreadyConstrained, assertRegionsFit } from '@police/core/adapter';
import type synaptic from 'synaptic';
import { plainNetwork } from './build.js';
import { flatOf, networkOf } from './core-network.js';
import {
  assertActivations,
  type ConstrainOptions,
  meaningsIn,
  type SquashOptions,
  settingsOf,
} from './options.js';
import { PolicedNetwork } from './policed-network.js';
import { readNetwork } from './read.js';

/**
 * A copy of the network that trains under the constraint that it is affine on every region: `new Trainer(policed)`,
 * `activate` and `propagate` work as ever. The network given is left as it is. Affine at every update to float64
 * rounding (LOGISTIC and TANH, with `epsilon`, up to what their tails add up to; with `refresh` above 1: at every choice of the shifts); exactly after `freeze`.
 *
 * Throws a `PoliceError` (`shape`, `not-finite`, `unsupported-layer`, `unsupported-activation`, `invalid-option`)
 * naming the layer or the option.
 *
 * @example
 * const policed = constrain(network, { regions: [box([-1, -1], [1, 1])] }); // RELU, its output layer IDENTITY
 * new Trainer(policed).train(set, { rate: 0.01 });
 * const { model } = freeze(policed);
 */
export function constrain(network: synaptic.Network, options: ConstrainOptions): PolicedNetwork {
  const settings = settingsOf(options);
  if (network instanceof PolicedNetwork) throw alreadyConstrained();
  const flat = readNetwork(network, meaningsIn(options));
  assertRegionsFit(settings.regions, flat.inputSize);
  const policed = new PolicedNetwork(flat, settings);
  policed.settle(); // finite on the regions, or it throws
  return policed;
}

export interface ReadOptions extends SquashOptions, Pick<TrainingOptions, 'epsilon'> {}

/**
 * The network as a core network in float64, its layers named `hidden0`, `hidden1`, …, `output`. A constrained network
 * keeps its constraint: the shifts of its present weights and sides lie on the nonlinearities. Errors as
 * {@link constrain}.
 */
export function toNetwork(network: synaptic.Network, options: ReadOptions = {}): Network {
  if (!(network instanceof PolicedNetwork)) {
    return networkOf(readNetwork(network, meaningsIn(options), 'toNetwork'));
  }
  return enforced(network).network;
}

/** The constraint on the weights in training, in core. */
export function enforced({ flat, settings: { regions, policy }, sides }: PolicedNetwork): Enforced {
  return enforce(networkOf(flat), regions, { policy, sides });
}

/**
 * A plain synaptic network of a core network of dense layers, each with at most one activation: relu, leakyRelu, abs,
 * identity, sigmoid, tanh, or what `activations` has a squash for. Shifts are folded into biases. Errors name the node:
 * `unsupported-layer`, `unsupported-activation`.
 *
 * With leakyRelu, abs or a squash of your own it stays unoptimised: synaptic's optimised code leaves such functions out.
 */
export function fromNetwork(
  network: Network,
  { activations = new Map() }: SquashOptions = {},
): synaptic.Network {
  assertActivations(activations);
  return plainNetwork(flatOf(network, activations));
}
