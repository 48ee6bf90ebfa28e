import { type ConstrainOptions, constrain, freeze, PolicedNeuralNetwork, toNetwork } from '@police/brainjs';
import { boxAround, certify, chordProbe } from '@police/core';
import { accuracy, loadDigits, meanSquare } from '@police/testing/digits';
import { extremeChords } from '@police/testing/extreme-chords';
import { runBound } from '@police/testing/rounding';
import type { NeuralNetwork } from 'brain.js';
import { expect, test } from 'vitest';
import { FLOAT32_ROUNDOFF, makeNet, runAll, seededRng } from './helpers.js';

const PASSES = 8;
const all = await loadDigits(80, seededRng(3));
const [train, unseen] = [all.slice(0, 600), all.slice(600)];
const region = boxAround(train[0].input, 0.05);
const probe = chordProbe(region, 30, seededRng(2));

/** What guessing gets right by a luck of four standard deviations. */
const LUCK = 0.1 + 4 * Math.sqrt((0.1 * 0.9) / unseen.length);

type Net = NeuralNetwork<number[], number[]>;

/** Largest residual, of random chords and of those that bend first, in units of what rounding explains. */
function bend(net: Net): number {
  const network = toNetwork(net);
  const bends = [probe, extremeChords(region, network)].map(
    ({ points, residual }) =>
      residual(runAll(net, points)) / (2 * runBound(network, points, FLOAT32_ROUNDOFF)),
  );
  return Math.max(...bends);
}

function trained(options?: ConstrainOptions) {
  const plain = makeNet([196, 32, 32, 10], 'leaky-relu', 6, {}, 0.1, 0.7);
  const net: Net = options ? constrain(plain, options) : plain;
  const bends: number[] = [];
  net.train(train, {
    iterations: PASSES,
    learningRate: 0.01,
    errorThresh: 1e-9,
    callback: () => bends.push(bend(net)),
    callbackPeriod: 1,
  });
  const scores = (input: number[]) => Array.from(net.run(input));
  return { net, bends, loss: meanSquare(train, scores), right: accuracy(unseen, scores) };
}

// bench/digits.mjs has more digits and passes.
test('learns digits about as well as brain.js, affine around one of them at every logged step', () => {
  const plain = trained();
  const { net, bends, loss, right } = trained({ regions: [region] });
  expect(bends.length).toBe(PASSES);
  expect(Math.max(...bends)).toBeLessThan(1);
  expect(plain.bends.at(-1)).toBeGreaterThan(10);
  expect(loss).toBeLessThan(1.1 * plain.loss);
  expect(right).toBeGreaterThan(LUCK);
  expect(right).toBeGreaterThan(0.9 * plain.right);
  if (!(net instanceof PolicedNeuralNetwork)) throw new Error('not constrained');
  expect(certify(freeze(net).network, [region])).toMatchObject({ certified: true });
});
