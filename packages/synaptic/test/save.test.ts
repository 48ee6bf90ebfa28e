import { leakyRelu } from '@police/core';
import { type ConstrainOptions, constrain, resume, type SavedTraining, save } from '@police/synaptic';
import type synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import {
  errorOf,
  leaky,
  perceptron,
  randomSamples,
  runRows,
  square,
  squashes,
  trainOn,
  triangle,
  weightsOf,
  withDirectConnections,
} from './helpers.js';

const regions = [square, triangle];
const samples = randomSamples(40, 2, 2, 5);
const points = { rows: 2, cols: 2, data: Float64Array.of(0.1, 0.2, -3, 2) };
const overJSON = (saved: SavedTraining): SavedTraining => JSON.parse(JSON.stringify(saved));

const cases: { what: string; options: Partial<ConstrainOptions> }[] = [
  { what: 'the defaults', options: {} },
  { what: 'mode project', options: { mode: 'project' } },
  { what: 'refresh 4', options: { refresh: 4 } },
  { what: 'mode project, refresh 4', options: { mode: 'project', refresh: 4 } },
  { what: 'policy majority, gradient local', options: { policy: 'majority', gradient: 'local' } },
  { what: 'no regions', options: { regions: [] } },
];

describe.each(cases)('with $what a resumed run equals an uninterrupted one, bit for bit', ({ options }) => {
  // 6 is in the midst of a window of 4 updates.
  test.each([
    { updates: 0, look: false },
    { updates: 0, look: true },
    { updates: 6, look: false },
    { updates: 6, look: true },
    { updates: 8, look: false },
    { updates: 8, look: true },
  ])('saved after $updates updates, outputs looked at before: $look', ({ updates, look }) => {
    for (const make of [() => perceptron({ widths: [2, 6, 5, 2], hidden: leaky }), withDirectConnections]) {
      const policed = constrain(make(), { regions, ...options });
      trainOn(policed, samples.slice(0, updates), 0.02);
      if (look) runRows(policed, points);
      const resumed = resume(overJSON(save(policed)));
      for (const network of [policed, resumed]) trainOn(network, samples.slice(updates), 0.02);
      expect(weightsOf(resumed)).toEqual(weightsOf(policed));
      expect(runRows(resumed, points)).toEqual(runRows(policed, points));
      expect(save(resumed)).toEqual(save(policed));
    }
  });
});

test('with smooth squashes too, and their epsilon is kept', () => {
  for (const hidden of [squashes.LOGISTIC, squashes.TANH]) {
    const policed = constrain(perceptron({ widths: [2, 6, 5, 2], hidden }), { regions, epsilon: 0.01 });
    trainOn(policed, samples, 0.02);
    const resumed = resume(overJSON(save(policed)));
    for (const network of [policed, resumed]) trainOn(network, samples, 0.02);
    expect(weightsOf(resumed)).toEqual(weightsOf(policed));
    const [{ activation }] = resumed.flat.layers;
    expect(activation.approximationError).toBe(0.01);
    expect(save(resumed)).toEqual(save(policed));
  }
});

test('sides matter: with the opposite ones training goes another way', () => {
  const policed = constrain(perceptron({ widths: [2, 12, 12, 2], hidden: leaky }), { regions });
  trainOn(policed, samples, 0.005);
  const saved = save(policed);
  const turned = { ...saved, sides: saved.sides.map(sides => sides.map(side => -side)) };
  const both = [resume(saved), resume(turned)];
  for (const network of both) trainOn(network, samples, 0.005);
  expect(weightsOf(both[1])).not.toEqual(weightsOf(both[0]));
});

test('a squash of the user’s own is the one to go on with', () => {
  const own: synaptic.Squash = (x, derivate) => (derivate ? (x >= 0 ? 1 : 0.2) : Math.max(x, 0.2 * x));
  const activations = new Map([[own, leakyRelu(0.2)]]);
  const policed = constrain(perceptron({ widths: [2, 6, 2], hidden: own }), { regions, activations });
  const [with_, without] = [resume(save(policed), { activations }), resume(save(policed))];
  expect(with_.layers.hidden[0].list[0].squash).toBe(own);
  expect(without.layers.hidden[0].list[0].squash).not.toBe(own);
  expect(runRows(without, points)).toEqual(runRows(policed, points));
});

describe('refuses', () => {
  const saved = save(constrain(perceptron({ widths: [2, 6, 2] }), { regions }));

  test('to save a policy function, or a network without constraint', () => {
    const policed = constrain(perceptron({ widths: [2, 6, 2] }), { regions, policy: () => 1 });
    expect(errorOf(() => save(policed))).toMatchObject({ code: 'invalid-option', where: 'policy' });
    expect(errorOf(() => save(policed.clone()))).toMatchObject({ code: 'unsupported-layer', where: 'save' });
  });

  test.each<{ what: string; change: object; code: string; where: string }>([
    { what: 'something else', change: { format: 'json' }, code: 'invalid-option', where: 'format' },
    { what: 'sides of another size', change: { sides: [[1]] }, code: 'shape', where: 'hidden0 sides' },
    { what: 'an unknown mode', change: { mode: 'none' }, code: 'invalid-option', where: 'mode' },
    { what: 'another input size', change: { inputSize: 3 }, code: 'shape', where: 'hidden0 weights' },
  ])('to resume $what', ({ change, code, where }) => {
    expect(errorOf(() => resume({ ...saved, ...change } as SavedTraining))).toMatchObject({ code, where });
  });

  test('to resume a squash it does not know', () => {
    const [first, ...rest] = saved.layers;
    const odd = { ...first, activation: { ...first.activation, name: 'relu6' } };
    expect(errorOf(() => resume({ ...saved, layers: [odd, ...rest] }))).toMatchObject({
      code: 'unsupported-activation',
      where: 'hidden0',
    });
  });
});
