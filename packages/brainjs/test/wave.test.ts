import { constrain, freeze, toNetwork } from '@police/brainjs';
import { certify, chordProbe } from '@police/core';
import { runBound } from '@police/testing/rounding';
import { NeuralNetwork } from 'brain.js';
import { expect, test } from 'vitest';
import { initialize, shuffled, triangle, waveData } from '../bench/wave.mjs';
import { FLOAT32_ROUNDOFF, runAll, seededRng } from './helpers.js';

const SEEDS = [1, 2];
const data = shuffled(waveData(20), 7);

function makeNet(seed: number): NeuralNetwork<number[], number[]> {
  const net = new NeuralNetwork<number[], number[]>({
    inputSize: 2,
    hiddenLayers: [32, 32],
    outputSize: 1,
    activation: 'leaky-relu',
  });
  net.initialize();
  initialize(net, seed);
  return net;
}

/** Trains in two stages, and gives the mean squared error after. */
function train(net: NeuralNetwork<number[], number[]>, callback: () => void): number {
  for (const [iterations, learningRate] of [
    [200, 0.01],
    [100, 0.003],
  ]) {
    net.train(data, { iterations, learningRate, errorThresh: 1e-9, callback, callbackPeriod: 20 });
  }
  return data.reduce((sum, { input, output }) => sum + (net.run(input)[0] - output[0]) ** 2, 0) / data.length;
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

// The paper's Fig. 2. bench/learning.mjs has more seeds and budgets, and what the constraint costs in the long run.
test('learns the wave as well as brain.js, affine on the triangle at every logged step', () => {
  const plain = SEEDS.map(seed => train(makeNet(seed), () => {}));
  const bends: number[] = [];
  const policed = SEEDS.map(seed => {
    const net = constrain(makeNet(seed), { regions: [triangle] });
    const loss = train(net, () => {
      const { points, residual } = chordProbe(triangle, 20, seededRng(bends.length));
      const bound = runBound(toNetwork(net), points, FLOAT32_ROUNDOFF);
      bends.push(residual(runAll(net, points)) / (2 * bound));
    });
    const frozen = freeze(net);
    expect(certify(frozen.network, [triangle])).toMatchObject({ certified: true });
    return loss;
  });
  expect(bends.length).toBe(15 * SEEDS.length);
  expect(Math.max(...bends)).toBeLessThan(1);
  expect(mean(policed)).toBeLessThan(1.1 * mean(plain));
  // Variance of the target: what a constant leaves.
  expect(mean(policed)).toBeLessThan(0.7 * 0.0417);
});
