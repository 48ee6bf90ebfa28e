import { box, boxAround, type PoliceErrorCode } from '@police/core';
import { type ConstrainOptions, constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
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
const { dense, reLU, leakyReLU, activation } = tfl.layers;

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
    what: 'an input of unknown size',
    model: () => tfl.sequential({ name: 'sequences', layers: [dense({ units: 1, inputShape: [null, 2] })] }),
    code: 'shape',
    where: 'sequences',
  },
  {
    what: 'two inputs',
    model: () => {
      const inputs = [tfl.input({ shape: [2] }), tfl.input({ shape: [2] })];
      const outputs = tfl.layers.add().apply(inputs) as tfl.SymbolicTensor;
      return tfl.model({ inputs, outputs, name: 'bad' });
    },
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'two outputs',
    model: () => {
      const inputs = tfl.input({ shape: [2] });
      const outputs = [1, 2].map(units => dense({ units }).apply(inputs) as tfl.SymbolicTensor);
      return tfl.model({ inputs, outputs, name: 'bad' });
    },
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a layer in two places',
    model: () => {
      const inputs = tfl.input({ shape: [2] });
      const shared = dense({ units: 2, name: 'bad' });
      return tfl.model({ inputs, outputs: shared.apply(shared.apply(inputs)) as tfl.SymbolicTensor });
    },
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a product of features',
    model: () => {
      const inputs = tfl.input({ shape: [2] });
      const twice = [1, 2].map(() => dense({ units: 2 }).apply(inputs) as tfl.SymbolicTensor);
      return tfl.model({
        inputs,
        outputs: tfl.layers.multiply({ name: 'bad' }).apply(twice) as tfl.SymbolicTensor,
      });
    },
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a sum that broadcasts',
    model: () => {
      const inputs = tfl.input({ shape: [2] });
      const both = [1, 2].map(units => dense({ units }).apply(inputs) as tfl.SymbolicTensor);
      return tfl.model({
        inputs,
        outputs: tfl.layers.add({ name: 'bad' }).apply(both) as tfl.SymbolicTensor,
      });
    },
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'batch normalisation along another axis',
    model: () =>
      tfl.sequential({
        layers: [tfl.layers.batchNormalization({ axis: 1, inputShape: [3, 2], name: 'bad' })],
      }),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a layer it does not know',
    model: () => sequence(tfl.layers.layerNormalization({ name: 'bad' })),
    code: 'unsupported-layer',
    where: 'bad',
  },
  {
    what: 'a softmax before the end',
    model: () => sequence(tfl.layers.softmax({ name: 'bad' })),
    code: 'unsupported-activation',
    where: 'bad',
  },
  {
    what: 'a sigmoid before the end',
    model: () => sequence(dense({ units: 3, activation: 'sigmoid', name: 'bad' })),
    code: 'unsupported-activation',
    where: 'bad',
  },
  ...['tanh', 'swish', 'softsign', 'softplus'].flatMap((name): Refusal[] => [
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
  ...[
    {
      what: 'a bias',
      layers: [dense({ units: 2, inputShape: [2], useBias: false, name: 'bad', activation: 'relu' })],
    },
    {
      what: 'a layer before an activation',
      layers: [reLU({ inputShape: [2], name: 'bad' }), dense({ units: 1 })],
    },
    {
      what: 'lifts',
      layers: [
        tfl.layers.reshape({ targetShape: [2, 1], inputShape: [2] }),
        tfl.layers.globalMaxPooling1d({ name: 'bad' }),
      ],
    },
  ].map(
    ({ what, layers }): Refusal => ({
      what: `mode project without room for ${what}`,
      model: () => tfl.sequential({ layers }),
      options: { regions, mode: 'project' },
      code: 'invalid-option',
      where: 'bad',
    }),
  ),
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
    what: 'an unknown sharing',
    model: plain,
    options: { regions, sharing: 'none' },
    code: 'invalid-option',
    where: 'sharing',
  },
  {
    what: 'a negative margin',
    model: plain,
    options: { regions, margin: -1 },
    code: 'invalid-option',
    where: 'margin',
  },
  {
    what: 'no step between two that compute shifts',
    model: plain,
    options: { regions, refresh: 0 },
    code: 'invalid-option',
    where: 'refresh',
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
      const error = await errorOf(() => constrain(model, options as ConstrainOptions));
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

  test('freeze and policedLayerOf refuse a plain model', async () => {
    const model = plain();
    expect(await errorOf(() => freeze(model))).toMatchObject({
      code: 'unsupported-layer',
      where: model.name,
    });
    expect(await errorOf(() => policedLayerOf(model))).toMatchObject({
      code: 'unsupported-layer',
      where: model.name,
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

    test.each([1, 2])('a shift that float32 cannot hold is never handed out, %i activations', async count => {
      const layers = Array.from({ length: count }, (_, i) =>
        dense({ units: 2, activation: 'relu', ...(i === 0 ? { inputShape: [2], name: 'huge' } : {}) }),
      );
      const model = tfl.sequential({ layers: [...layers, dense({ units: 1 })] });
      const kernel = model.layers[0].weights[0];
      // Finite on the frame, a range twice as wide as float32.
      kernel.write(tf.fill([2, 2], 3e38));
      const policed = constrain(model, { regions, mode });
      const before = weightsOf(model);
      expect(await errorOf(() => predict(policed, randomRows(2, 2, 1)))).toMatchObject({
        code: 'not-finite',
        where: 'huge',
      });
      expect(await errorOf(() => freeze(policed))).toMatchObject({ code: 'not-finite' });
      policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
      const [x, y] = [toTensor(randomRows(4, 2, 1)), toTensor(randomRows(4, 1, 2))];
      expect(await errorOf(() => policed.fit(x, y, { verbose: 0 }))).toMatchObject({ code: 'not-finite' });
      expect(weightsOf(model)).toEqual(before);
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

test('frames beyond the memory of a backend are refused before they are made, and the model stays usable', async () => {
  await useBackend(backends[0]);
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 1024, kernelSize: 1, inputShape: [32, 32, 1] }),
      tfl.layers.reLU(),
      tfl.layers.globalAveragePooling2d({}),
    ],
  });
  const cube = boxAround(new Float64Array(1024), new Float64Array(1024).fill(1));
  const error = await errorOf(() => constrain(model, { regions: [cube] }));
  expect(error).toMatchObject({ code: 'too-large', where: model.layers[0].name });
  expect(error.message).toContain('4.0 GiB');
  const corner = boxAround(
    new Float64Array(1024),
    Float64Array.from({ length: 1024 }, (_, i) => Number(i < 2)),
  );
  const policed = constrain(model, { regions: [corner] });
  const y = policed.predict(tf.zeros([1, 32, 32, 1])) as tf.Tensor;
  expect(y.shape).toEqual([1, 1024]);
  tf.dispose([y, ...model.weights.map(weight => weight.read())]);
});
