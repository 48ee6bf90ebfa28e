import { box, type PoliceErrorCode } from '@police/core';
import { abs, type ConstrainOptions, constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  innerOf,
  layerKinds,
  makeModel,
  predict,
  randomRows,
  toTensor,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 6, 6, 1];
const modes = ['shift', 'project'] as const;
const regions = [box([-1, -1], [1, 1])];
const { dense, dropout, conv2d, reLU, leakyReLU, activation, batchNormalization } = tfl.layers;

type Activation = Parameters<typeof activation>[0]['activation'];

/** Dense 'first', the layers, Dense 'last'. */
const sequence = (...between: tfl.layers.Layer[]): tfl.Sequential =>
  tfl.sequential({
    layers: [
      dense({ units: 4, inputShape: [2], name: 'first' }),
      ...between,
      dense({ units: 1, name: 'last' }),
    ],
  });

interface Refusal {
  what: string;
  model: () => tfl.LayersModel;
  options?: unknown;
  code: PoliceErrorCode;
  where: string | RegExp;
}

const plain = () => makeModel(WIDTHS, 'leakyRelu');
const named = (name: string) => ({ activation: name as Activation, name: 'bad' });

const refusals: Refusal[] = [
  {
    what: 'a functional model',
    model: () => {
      const input = tfl.input({ shape: [2] });
      return tfl.model({ inputs: input, outputs: dense({ units: 1 }).apply(input) as tfl.SymbolicTensor });
    },
    code: 'unsupported-layer',
    where: 'constrain',
  },
  {
    what: 'an empty Sequential',
    model: () => tfl.sequential({ name: 'empty' }),
    code: 'unsupported-layer',
    where: 'empty',
  },
  {
    what: 'two layers of one name',
    model: () => sequence(dense({ units: 4, name: 'twin' }), dense({ units: 4, name: 'twin' })),
    code: 'invalid-network',
    where: 'twin',
  },
  {
    what: 'Dense on sequences',
    model: () => tfl.sequential({ name: 'sequences', layers: [dense({ units: 1, inputShape: [5, 2] })] }),
    code: 'shape',
    where: 'sequences',
  },
  {
    what: 'dropout',
    model: () => sequence(dropout({ rate: 0.5, name: 'bad' })),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'batch normalization',
    model: () => sequence(batchNormalization({ name: 'bad' })),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a convolution',
    model: () =>
      tfl.sequential({ layers: [conv2d({ filters: 1, kernelSize: 2, inputShape: [4, 4, 1], name: 'bad' })] }),
    code: 'unsupported-layer',
    where: 'bad',
  },
  ...['tanh', 'sigmoid', 'elu', 'softplus'].flatMap((name): Refusal[] => [
    {
      what: `activation ${name} as a layer`,
      model: () => sequence(activation(named(name))),
      code: 'unsupported-activation',
      where: 'bad',
    },
    {
      what: `activation ${name} as an option`,
      model: () => tfl.sequential({ layers: [dense({ units: 1, inputShape: [2], ...named(name) })] }),
      code: 'unsupported-activation',
      where: 'bad',
    },
  ]),
  {
    what: 'ReLU with maxValue 3',
    model: () => sequence(reLU({ maxValue: 3, name: 'bad' })),
    code: 'unsupported-activation',
    where: 'bad',
  },
  {
    what: 'an activation after an activation',
    model: () => sequence(leakyReLU(), abs({ name: 'bad' })),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'an activation layer after one as an option',
    model: () =>
      tfl.sequential({
        layers: [dense({ units: 1, inputShape: [2], activation: 'relu' }), reLU({ name: 'bad' })],
      }),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'an activation before any Dense',
    model: () => tfl.sequential({ layers: [reLU({ inputShape: [2], name: 'bad' }), dense({ units: 1 })] }),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'no bias before an activation',
    model: () =>
      tfl.sequential({
        layers: [dense({ units: 1, inputShape: [2], useBias: false, activation: 'relu', name: 'bad' })],
      }),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a region of another dimension',
    model: plain,
    options: { regions: [...regions, box([0], [1])] },
    code: 'shape',
    where: 'region 1 (box)',
  },
  { what: 'no options', model: plain, options: null, code: 'invalid-option', where: 'regions' },
  { what: 'no regions', model: plain, options: {}, code: 'invalid-option', where: 'regions' },
  {
    what: 'one region in place of a list',
    model: plain,
    options: { regions: regions[0] },
    code: 'invalid-option',
    where: 'regions',
  },
  {
    what: 'an unknown mode',
    model: plain,
    options: { regions, mode: 'fold' },
    code: 'invalid-option',
    where: 'mode',
  },
  {
    what: 'an unknown gradient',
    model: plain,
    options: { regions, gradient: 'none' },
    code: 'invalid-option',
    where: 'gradient',
  },
  {
    what: 'an unknown policy',
    model: plain,
    options: { regions, policy: 'random' },
    code: 'invalid-option',
    where: 'policy',
  },
  ...[0, 1].map(
    (index): Refusal => ({
      what: `NaN in ${['a kernel', 'a bias'][index]}`,
      model: () => {
        const model = sequence(leakyReLU());
        model.layers[0].setWeights(
          model.layers[0]
            .getWeights()
            .map((weight, i) => (i === index ? tf.mul(weight, Number.NaN) : weight)),
        );
        return model;
      },
      code: 'not-finite',
      where: /^first \(first\/(kernel|bias)/,
    }),
  ),
];

/** Exactly the text, or a pattern. */
const matching = (where: string | RegExp) =>
  typeof where === 'string' ? where : expect.stringMatching(where);

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(refusals)(
    'constrain refuses $what',
    async ({ model: make, options = { regions }, code, where }) => {
      const model = make();
      const weights = model.layers.length > 0 ? weightsOf(model) : [];
      const tensors = tf.memory().numTensors;
      const error = await errorOf(() => constrain(model as tfl.Sequential, options as ConstrainOptions));
      expect(error).toMatchObject({ code, where: matching(where) });
      expect(error.message).toContain(error.expected);
      expect(error.message).toContain(error.actual);
      expect(tf.memory().numTensors).toBe(tensors);
      if (model.layers.length > 0) expect(weightsOf(model)).toEqual(weights);
    },
  );

  test('linear activations and a head without bias are no reason to refuse', () => {
    const model = tfl.sequential({
      layers: [
        dense({ units: 4, inputShape: [2], activation: 'linear' }),
        activation({ activation: 'linear' }),
        dense({ units: 4, activation: 'relu' }),
        dense({ units: 1, useBias: false }),
      ],
    });
    const policed = constrain(model, { regions });
    expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
    expect(freeze(policed).model.countParams()).toBe(model.countParams());
  });

  test('freeze and policedLayerOf refuse a plain model, toNetwork a functional one', async () => {
    const model = plain();
    expect(await errorOf(() => freeze(model))).toMatchObject({
      code: 'unsupported-layer',
      where: model.name,
    });
    expect(await errorOf(() => policedLayerOf(model))).toMatchObject({
      code: 'unsupported-layer',
      where: model.name,
    });
    const input = tfl.input({ shape: [2] });
    const functional = tfl.model({
      inputs: input,
      outputs: dense({ units: 1 }).apply(input) as tfl.SymbolicTensor,
    });
    expect(await errorOf(() => toNetwork(functional))).toMatchObject({
      code: 'unsupported-layer',
      where: functional.name,
    });
  });

  describe.each(modes)('mode %s', mode => {
    const nanCases = layerKinds.flatMap(kind => (['x', 'y'] as const).map(where => ({ kind, where })));

    test.each(nanCases)('NaN in the $where of the training data, $kind', async ({ kind, where }) => {
      const policed = constrain(makeModel(WIDTHS, kind), { regions, mode });
      policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
      const [x, y] = [toTensor(randomRows(12, 2, 1)), toTensor(randomRows(12, 1, 2))];
      const spoiled = (tensor: tf.Tensor2D) => {
        const values = tensor.dataSync().slice();
        values[values.length - 1] = Number.NaN; // in the third batch
        return tf.tensor2d(values as Float32Array, tensor.shape);
      };
      const args = { batchSize: 4, shuffle: false, verbose: 0 } as const;
      const steps: Float32Array[][] = [];
      const inputs = where === 'x' ? spoiled(x) : x;
      const targets = where === 'y' ? spoiled(y) : y;
      const error = await errorOf(() =>
        policed.fit(inputs, targets, {
          ...args,
          callbacks: {
            onBatchEnd: async () => {
              steps.push(weightsOf(policed));
            },
          },
        }),
      );
      expect(error.code).toBe('not-finite');
      const layers = innerOf(policed).layers.map(layer => layer.name);
      expect(layers).toContain(error.where);
      expect(error.message).toContain('NaN');
      expect(steps.length).toBe(2);
      // The sides may have followed the weights of the last good step; all else is as that step left it.
      const trained = policed.trainableWeights.length;
      expect(weightsOf(policed).slice(0, trained)).toEqual(steps[1].slice(0, trained));

      await policed.fit(x, y, args);
      expect(weightsOf(policed).every(values => values.every(Number.isFinite))).toBe(true);
      expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
    });

    test('weights that overflow on the region', async () => {
      const model = makeModel(WIDTHS, 'leakyRelu');
      const [x, y] = [randomRows(4, 2, 1), randomRows(4, 1, 2)];
      const before = weightsOf(model);
      model.setWeights(model.getWeights().map(weight => tf.mul(weight, 1e30)));
      const policed = constrain(model, { regions, mode });
      const where = model.layers[2].name; // the second Dense
      const huge = weightsOf(model);
      const tensors = tf.memory().numTensors;
      expect(await errorOf(() => predict(policed, x))).toMatchObject({ code: 'not-finite', where });
      expect(weightsOf(model)).toEqual(huge);
      expect(tf.memory().numTensors).toBe(tensors);
      policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
      expect(await errorOf(() => policed.fit(toTensor(x), toTensor(y), { verbose: 0 }))).toMatchObject({
        code: 'not-finite',
        where,
      });
      expect(weightsOf(model)).toEqual(huge);

      model.setWeights(before.map((values, i) => tf.tensor(values, model.weights[i].shape as number[])));
      expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
    });
  });
});
