import {
  certify,
  chain,
  dense,
  enforce,
  float32,
  forward,
  leakyRelu,
  network as makeNetwork,
  relu,
  relu6,
  softplus,
} from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { constrain, freeze, fromNetwork, toNetwork } from '@police/synaptic';
import { largestDifference, snapshot } from '@police/testing/helpers';
import { runOnnx } from '@police/testing/onnx-runtime';
import synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import {
  bend,
  errorOf,
  leaky,
  perceptron,
  probesOf,
  ROUNDINGS,
  randomSamples,
  runRows,
  square,
  squashes,
  trainOn,
  triangle,
  withDirectConnections,
} from './helpers.js';

const regions = [square, triangle];
const points = { rows: 4, cols: 2, data: Float64Array.of(0.1, 0.2, -3, 2, 4, 1, -0.5, -0.5) };

/** Sums of a few terms of order 1. */
const ROUNDING = 200 * Number.EPSILON;

function trained(network: synaptic.Network): ReturnType<typeof constrain> {
  const policed = constrain(network, { regions });
  trainOn(policed, randomSamples(30, 2, 2, 5), 0.02);
  return policed;
}

const wholeKinds = [
  { kind: 'Perceptron', make: () => perceptron({ widths: [2, 6, 5, 2] }) },
  { kind: 'RELU output', make: () => perceptron({ widths: [2, 6, 2], output: synaptic.Neuron.squash.RELU }) },
  { kind: 'direct connections', make: () => withDirectConnections() },
];

describe.each(wholeKinds)('freeze, $kind', ({ make }) => {
  const policed = trained(make());
  const { model, network } = freeze(policed);

  test('gives a plain network of the same outputs, certified', () => {
    expect(Object.getPrototypeOf(model)).toBe(synaptic.Network.prototype);
    const [found, expected] = [model, policed].map(net => runRows(net, points).data);
    expect(largestDifference(found, expected)).toBeLessThan(ROUNDING);
    const proof = certify(toNetwork(model), regions);
    if (!proof.certified) throw new Error('not certified');
    expect(snapshot(toNetwork(model))).toEqual(snapshot(network));
    for (const { smallestMargin } of proof.layers) expect(smallestMargin).toBeGreaterThanOrEqual(0);
    expect(bend(model, probesOf(regions))).toBeLessThan(ROUNDINGS);
  });

  test('that synaptic optimises, with an equal standalone function and JSON', () => {
    const outputs = runRows(model, points).data;
    expect(model.optimized).toBeTruthy();
    const rows = [0, 1, 2, 3].map(i => Array.from(points.data.subarray(2 * i, 2 * i + 2)));
    const standalone = model.standalone();
    expect(rows.flatMap(row => standalone(row))).toEqual(Array.from(outputs));
    const json = JSON.parse(JSON.stringify(model.toJSON()));
    const again = synaptic.Network.fromJSON(json);
    expect(JSON.stringify(again.toJSON())).toBe(JSON.stringify(json));
    // The library numbers connections anew, and sums in the order of their numbers.
    expect(largestDifference(runRows(again, points).data, outputs)).toBeLessThan(ROUNDING);
  });

  test('and leaves the constrained network to train on', () => {
    const before = runRows(policed, points);
    freeze(policed, { precision: 'float32' });
    expect(runRows(policed, points)).toEqual(before);
  });

  test('to float32: the file runs with equal outputs in ONNX Runtime', async () => {
    const frozen = freeze(policed, { precision: 'float32' });
    expect(isRepresentable(frozen.network, float32)).toBe(true);
    expect(snapshot(toNetwork(frozen.model))).toEqual(snapshot(frozen.network));
    const x = { ...points, data: points.data.map(Math.fround) };
    const found = await runOnnx(exportOnnx(frozen.network, { regions }), x);
    // The runtime computes in float32.
    expect(largestDifference(found.data, runRows(frozen.model, x).data)).toBeLessThan(ROUNDING * 2 ** 29);
  });
});

describe.each(['LOGISTIC', 'TANH'])('%s, with epsilon', name => {
  const EPSILON = 2 ** -10;
  const GAIN = 4;
  const rounding = GAIN ** 2 * ROUNDING; // weights that much larger in the two layers that follow
  const hidden = squashes[name];
  const given = perceptron({ widths: [2, 6, 5, 2], hidden, gain: GAIN });
  const policed = constrain(given, { regions, epsilon: EPSILON });
  trainOn(policed, randomSamples(30, 2, 2, 5), 0.02);
  const { model, network } = freeze(policed);
  const outputs = runRows(model, points).data;

  test('freezes to a network that synaptic optimises, its error stated and proved', () => {
    expect(model.optimized).toBeTruthy();
    expect(largestDifference(outputs, runRows(policed, points).data)).toBeLessThan(rounding);
    const standalone = model.standalone();
    const rows = [0, 1, 2, 3].map(i => Array.from(points.data.subarray(2 * i, 2 * i + 2)));
    expect(largestDifference(rows.flatMap(standalone), outputs)).toBeLessThan(rounding);
    const again = synaptic.Network.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
    expect(largestDifference(runRows(again, points).data, outputs)).toBeLessThan(rounding);
    const proof = certify(toNetwork(model, { epsilon: EPSILON }), regions);
    if (!proof.certified) throw new Error('not certified');
    const { approximationErrors } = enforce(network, regions).report;
    proof.regions.forEach(({ approximationError }, r) => {
      // Up to the factors by which both outweigh rounding.
      expect(largestDifference(approximationError!, approximationErrors![r])).toBeLessThan(1e-4 * EPSILON);
      expect(approximationError![0]).toBeGreaterThan(0);
    });
  });
});

describe('squashes that are not the library’s', () => {
  test('are kept, in an unoptimised network that refuses to be optimised', () => {
    const policed = trained(perceptron({ widths: [2, 6, 5, 2], hidden: leaky }));
    for (const plain of [freeze(policed).model, policed.clone()]) {
      expect(plain.layers.hidden[0].list[0].squash).toBe(leaky);
      const [found, expected] = [plain, policed].map(net => runRows(net, points).data);
      expect(largestDifference(found, expected)).toBeLessThan(ROUNDING);
      for (const use of [() => plain.standalone(), () => plain.optimize()]) {
        expect(errorOf(use)).toMatchObject({ code: 'unsupported-activation', where: 'hidden0' });
      }
      plain.setOptimize(true);
      expect(errorOf(() => plain.activate([0, 0]))).toMatchObject({ code: 'unsupported-activation' });
    }
  });

  test('of the user’s own may be smooth, up to the error that their meaning names', () => {
    const smooth: synaptic.Squash = (x, derivate) =>
      derivate ? 1 / (1 + Math.exp(-x)) : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    const activations = new Map([[smooth, softplus(0.01)]]);
    const policed = constrain(perceptron({ widths: [2, 6, 5, 2], hidden: smooth }), { regions, activations });
    trainOn(policed, randomSamples(30, 2, 2, 5), 0.01);
    const { model, network } = freeze(policed);
    expect(certify(network, regions)).toMatchObject({ certified: true });
    expect(certify(toNetwork(model, { activations }), regions)).toMatchObject({ certified: true });
    const [found, expected] = [model, policed].map(net => runRows(net, points).data);
    expect(largestDifference(found, expected)).toBeLessThan(ROUNDING);
  });

  test('of the user’s own keep their meaning', () => {
    const clipped: synaptic.Squash = (x, derivate) =>
      derivate ? Number(x > 0 && x <= 6) : Math.min(6, Math.max(0, x));
    const activations = new Map([[clipped, relu6()]]);
    const given = perceptron({ widths: [2, 6, 5, 2], hidden: clipped, bias: 3 });
    const policed = constrain(given, { regions: [square], activations });
    trainOn(policed, randomSamples(30, 2, 2, 5, 8), 0.01);
    expect(bend(policed, probesOf([square]))).toBeLessThan(ROUNDINGS);
    const { model, network } = freeze(policed);
    expect(certify(network, [square])).toMatchObject({ certified: true });
    expect(model.layers.hidden[0].list[0].squash).toBe(clipped);
    expect(snapshot(toNetwork(model, { activations }))).toEqual(snapshot(network));
    expect(runRows(fromNetwork(network, { activations }), points)).toEqual(runRows(model, points));
  });
});

describe('toNetwork and fromNetwork', () => {
  test('are inverse on layers and direct connections', () => {
    for (const make of [() => perceptron({ widths: [2, 6, 5, 2] }), withDirectConnections]) {
      const net = toNetwork(make());
      expect(snapshot(toNetwork(fromNetwork(net)))).toEqual(snapshot(net));
      const [found, expected] = [runRows(fromNetwork(net), points).data, forward(net, points).data];
      expect(largestDifference(found, expected)).toBeLessThan(ROUNDING);
    }
  });

  test('fromNetwork folds shifts', () => {
    const { network } = enforce(toNetwork(perceptron({ widths: [2, 6, 5, 2] })), regions);
    const [found, expected] = [runRows(fromNetwork(network), points).data, forward(network, points).data];
    expect(largestDifference(found, expected)).toBeLessThan(ROUNDING);
  });

  test('fromNetwork takes layers without activation and leaky ones', () => {
    const net = chain(2, [
      dense([
        [1, 2],
        [0, 1],
        [1, 1],
      ]),
      dense([[1, 0, 1]]),
      leakyRelu(0.3),
      dense([[2], [1]]),
    ]);
    const plain = fromNetwork(net);
    expect(plain.neurons().length).toBe(2 + 3 + 1 + 2);
    expect(largestDifference(runRows(plain, points).data, forward(net, points).data)).toBeLessThan(ROUNDING);
  });

  const square2 = dense([
    [1, 2],
    [3, 4],
  ]);
  const named = (name: string, input: string) => ({
    kind: 'affine' as const,
    name,
    input,
    operator: square2,
  });
  test.each([
    { what: 'an activation first', net: chain(2, [relu(), square2]), where: 'relu_1' },
    { what: 'two activations', net: chain(2, [square2, relu(), relu()]), where: 'relu_3' },
    { what: 'a concatenation last', net: lastConcat(), where: 'both' },
    {
      what: 'a sum',
      net: makeNetwork([
        { kind: 'input', name: 'x', size: 2 },
        named('a', 'x'),
        { kind: 'sum', name: 'total', inputs: ['a', 'x'] },
        named('b', 'total'),
      ]),
      where: 'total',
    },
  ])('fromNetwork refuses $what', ({ net, where }) => {
    expect(errorOf(() => fromNetwork(net))).toMatchObject({ code: 'unsupported-layer', where });
  });

  function lastConcat() {
    return makeNetwork([
      { kind: 'input', name: 'x', size: 2 },
      named('a', 'x'),
      { kind: 'concat', name: 'both', inputs: ['a', 'x'] },
    ]);
  }

  test('fromNetwork refuses activations without a squash', () => {
    const net = chain(2, [square2, relu6(), square2]);
    expect(errorOf(() => fromNetwork(net))).toMatchObject({
      code: 'unsupported-activation',
      where: 'affine_1',
    });
  });
});
