import { rowOf } from '@police/core';
import { constrain, freeze, fromNetwork, type PolicedNetwork, toNetwork } from '@police/synaptic';
import { conformance, EPSILON } from '@police/testing/conformance';
import type synaptic from 'synaptic';
import { networkOf } from '../src/core-network.js';
import { activations, fillWeights, perceptron, runRows, squashes, weightsOf } from './helpers.js';

conformance<synaptic.Network, PolicedNetwork>('synaptic', {
  activations: ['RELU', 'leaky', 'abs', 'bent'],
  unexported: ['bent'],
  refused: ['LOGISTIC', 'TANH', 'HLIM'],
  smooth: ['LOGISTIC', 'TANH', 'RELU TANH TANH'],
  roundoff: 2 ** -53,
  makeModel: ({ widths, activation, seed, gain, weight }) => {
    const [first, second = first, output = 'IDENTITY'] = activation.split(' ');
    const hidden = squashes[first];
    const network = perceptron({ widths, seed, gain, hidden, output: squashes[output] });
    network.layers.hidden[1]?.set({ squash: squashes[second] });
    if (weight !== undefined) fillWeights(network, weight);
    return network;
  },
  spoil: network => {
    network.layers.hidden[0].list[1].bias = Number.NaN;
  },
  weightsOf,
  run: runRows,
  read: network => toNetwork(network, { epsilon: EPSILON, activations }),
  constrain: (network, options) =>
    constrain(network, options && typeof options === 'object' ? { ...options, activations } : options),
  raw: policed => {
    policed.settle();
    return networkOf(policed.flat);
  },
  shifts: policed => policed.shifts,
  sides: policed => policed.sides,
  train: (policed, x, targets, afterStep) => {
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < x.rows; i++) {
        policed.activate(rowOf(x, i));
        policed.propagate(0.02, rowOf(targets, i));
        afterStep();
      }
    }
  },
  freeze: policed => freeze(policed),
  write: network => fromNetwork(network, { activations }),
});
