import { boxAround, certify } from '@police/core';
import { type ConstrainOptions, constrain, freeze, type PolicedNetwork, toNetwork } from '@police/synaptic';
import { accuracy, loadDigits, meanSquare } from '@police/testing/digits';
import { extremeChords } from '@police/testing/extreme-chords';
import { seededRng } from '@police/testing/helpers';
import synaptic from 'synaptic';
import { expect, test } from 'vitest';
import { bend as bendOn, perceptron, probesOf, trainOn } from './helpers.js';

const PASSES = 8;
const RATE = 0.004;
const all = await loadDigits(80, seededRng(3));
const [train, unseen] = [all.slice(0, 600), all.slice(600)];
const regions = [boxAround(train[0].input, 0.05)];
const probes = probesOf(regions);

/** Sums of at most 196 terms in each of three layers, on both sides of a comparison. */
const ROUNDINGS = 2 * 3 * 196;

/** What guessing gets right by a luck of four standard deviations. */
const LUCK = 0.1 + 4 * Math.sqrt((0.1 * 0.9) / unseen.length);

/** The largest residual, of random chords and of those that bend first, in units of rounding. */
function bend(policed: PolicedNetwork): number {
  const extreme = regions.map(region => extremeChords(region, toNetwork(policed)));
  return bendOn(policed, [...probes, ...extreme]);
}

function trained(options: ConstrainOptions, look: (policed: PolicedNetwork) => unknown = () => {}) {
  const policed = constrain(perceptron({ widths: [196, 32, 32, 10], seed: 6, bias: 0.1 }), options);
  new synaptic.Trainer(policed).train([...train], {
    rate: pass => RATE * (1 - pass / (PASSES + 1)),
    iterations: PASSES,
    error: 1e-9,
    schedule: { every: 1, do: () => void look(policed) },
  });
  const scores = (input: number[]) => policed.activate(input);
  return { policed, loss: meanSquare(train, scores), right: accuracy(unseen, scores) };
}

// bench/digits.mjs has more digits, modes and passes.
test('learns digits about as well as the library, affine around one of them at every logged step', () => {
  const plain = trained({ regions: [] });
  const bends: number[] = [];
  const { policed, loss, right } = trained({ regions }, net => bends.push(bend(net)));
  expect(bends.length).toBe(PASSES);
  expect(Math.max(...bends)).toBeLessThan(ROUNDINGS);
  expect(bend(plain.policed)).toBeGreaterThan(100 * ROUNDINGS);
  expect(loss).toBeLessThan(1.1 * plain.loss);
  expect(right).toBeGreaterThan(LUCK);
  expect(right).toBeGreaterThan(0.9 * plain.right);
  expect(certify(freeze(policed).network, regions)).toMatchObject({ certified: true });
});

test('with refresh it bends in the box’s corners between two choices of the shifts, until frozen', () => {
  const policed = constrain(perceptron({ widths: [196, 32, 32, 10], seed: 6, bias: 0.1 }), {
    regions,
    refresh: 50,
  });
  trainOn(policed, train.slice(0, 75), RATE);
  expect(bendOn(policed, probes)).toBeLessThan(ROUNDINGS); // random chords do not see it
  expect(bend(policed)).toBeGreaterThan(100 * ROUNDINGS);
  const { model } = freeze(policed);
  const extreme = regions.map(region => extremeChords(region, toNetwork(model)));
  expect(bendOn(model, [...probes, ...extreme])).toBeLessThan(ROUNDINGS);
});
