import { constrain, freeze, fromNetwork, type PolicedNeuralNetwork, toNetwork } from '@police/brainjs';
import { conformance, EPSILON } from '@police/testing/conformance';
import type { NeuralNetwork } from 'brain.js';
import { plainNetwork } from '../src/read.js';
import { type Activation, FLOAT32_ROUNDOFF, makeNet, runAll, toData, weightsOf } from './helpers.js';

type Net = NeuralNetwork<number[], number[]>;
type Policed = PolicedNeuralNetwork<number[], number[]>;

conformance<Net, Policed>('brain.js', {
  activations: ['relu', 'leaky-relu'],
  refused: ['sigmoid', 'tanh'],
  smooth: ['sigmoid', 'tanh'],
  roundoff: FLOAT32_ROUNDOFF,
  makeModel: ({ widths, activation, seed, gain, weight }) => {
    const net = makeNet(widths, activation as Activation, seed, {}, 0.5, gain);
    if (weight === undefined) return net;
    for (const row of net.weights.slice(1).flat()) row.fill(weight);
    for (const biases of net.biases.slice(1)) biases.fill(0);
    return net;
  },
  spoil: net => {
    net.weights[2][1][0] = Number.NaN;
  },
  weightsOf,
  run: runAll,
  read: net => toNetwork(net, { epsilon: EPSILON }),
  constrain,
  raw: policed => plainNetwork(policed, EPSILON),
  shifts: policed => policed.shifts,
  sides: policed => policed.sides,
  train: (policed, x, targets, afterStep) => {
    const data = toData(x, targets);
    const { trainPattern } = policed;
    policed.trainPattern = (value, log) => {
      const error = trainPattern.call(policed, value, log);
      afterStep();
      return error;
    };
    policed.train(data, { iterations: 2, learningRate: 0.1, errorThresh: 1e-9 });
  },
  freeze,
  write: network => fromNetwork(network),
});
