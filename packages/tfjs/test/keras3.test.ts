import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { box } from '@police/core';
import { constrain, freeze, readable, toNetwork } from '@police/tfjs/all';
import { nodeFiles } from '@police/tfjs/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, bend, disagreement, errorOf, predict, randomRows, useBackend } from './helpers.js';

let folder: string;
beforeAll(async () => {
  await useBackend(backends[0]);
  folder = await mkdtemp(join(tmpdir(), 'police-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Json = Record<string, unknown>;

const float32 = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
};

/** A layer as Keras 3 writes it. */
const layer = (class_name: string, name: string, config: Json = {}, from?: unknown): Json => ({
  module: 'keras.layers',
  class_name,
  registered_name: null,
  build_config: { input_shape: [null, 2] },
  name,
  config: { name, trainable: true, dtype: float32, ...config },
  ...(from === undefined ? {} : { inbound_nodes: from }),
});

const initializer = (class_name: string) => ({
  module: 'keras.initializers',
  class_name,
  config: { seed: null },
  registered_name: null,
});

const denseOptions = (units: number, activation: string): Json => ({
  units,
  activation,
  use_bias: true,
  kernel_initializer: initializer('GlorotUniform'),
  bias_initializer: { module: 'keras.initializers', class_name: 'Zeros', config: {}, registered_name: null },
  kernel_regularizer: null,
  bias_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
});

const input = (name: string, shape: number[]) =>
  layer('InputLayer', name, { batch_shape: [null, ...shape], sparse: false }, []);

/** A call on values of other layers, in Keras 3's words. */
const call = (...sources: string[]) => {
  const tensors = sources.map(source => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 2], dtype: 'float32', keras_history: [source, 0, 0] },
  }));
  return [{ args: [tensors.length === 1 ? tensors[0] : tensors], kwargs: {} }];
};

const model = (class_name: string, config: Json): Json => ({
  keras_version: '3.6.0',
  backend: 'tensorflow',
  model_config: {
    module: 'keras',
    class_name,
    config: { name: 'net', trainable: true, dtype: float32, ...config },
    registered_name: class_name,
  },
});

interface Weight {
  readonly name: string;
  readonly shape: number[];
}

/** Numbers of no special meaning. */
const valuesOf = (weights: readonly Weight[]): Float32Array =>
  Float32Array.from(
    { length: weights.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape), 0) },
    (_, i) => Math.fround(Math.sin(7 * i + 1)),
  );

async function written(
  name: string,
  modelTopology: Json,
  weights: readonly Weight[],
  rest: Json = {},
): Promise<string> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  const specs = weights.map(weight => ({ ...weight, dtype: 'float32' }));
  const json = {
    format: 'layers-model',
    generatedBy: 'keras v3.6.0',
    modelTopology,
    weightsManifest: [{ paths: ['w.bin'], weights: specs }],
    ...rest,
  };
  await writeFile(join(place, 'model.json'), JSON.stringify(json));
  await writeFile(join(place, 'w.bin'), Buffer.from(valuesOf(weights).buffer));
  return place;
}

/** The values of the weights, in order, as tensors. */
function tensorsOf(weights: readonly Weight[]): tf.Tensor[] {
  const values = valuesOf(weights);
  let next = 0;
  return weights.map(({ shape }) => {
    const size = tf.util.sizeFromShape(shape);
    next += size;
    return tf.tensor(values.slice(next - size, next), shape);
  });
}

const { layers } = tfl;

describe('models of Keras 3', () => {
  test('a Sequential, with options that have other names', async () => {
    const weights = [
      { name: 'net/first/kernel', shape: [2, 6] },
      { name: 'net/first/bias', shape: [6] },
      { name: 'net/last/kernel', shape: [6, 2] },
      { name: 'net/last/bias', shape: [2] },
    ];
    const place = await written(
      'sequential',
      model('Sequential', {
        layers: [
          input('in', [2]),
          layer('Dense', 'first', denseOptions(6, 'linear')),
          layer('LeakyReLU', 'leaky', { negative_slope: 0.25 }),
          layer('ReLU', 'capped', { max_value: 1.5, negative_slope: 0, threshold: 0 }),
          layer('ReLU', 'sloped', { max_value: null, negative_slope: 0.125, threshold: 0 }),
          layer('Dropout', 'drop', { rate: 0.5, seed: null, noise_shape: null }),
          layer('Dense', 'last', denseOptions(2, 'softmax')),
        ],
        build_input_shape: [null, 2],
      }),
      weights,
    );
    const loaded = await tfl.loadLayersModel(nodeFiles(place));
    const twin = tfl.sequential({
      layers: [
        layers.dense({ units: 6, inputShape: [2] }),
        layers.leakyReLU({ alpha: 0.25 }),
        layers.reLU({ maxValue: 1.5 }),
        layers.leakyReLU({ alpha: 0.125 }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    twin.setWeights(tensorsOf(weights));
    const x = randomRows(12, 2, 1, 3);
    expect(predict(loaded, x)).toEqual(predict(twin, x));
    const regions = [box([-1, -1], [1, 1])];
    const policed = constrain(loaded, { regions });
    expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
    expect(freeze(policed).model.layers.map(each => each.name)).toEqual(loaded.layers.map(each => each.name));
  });

  test('a functional model with a sum and a depthwise convolution', async () => {
    const weights = [
      { name: 'deep/kernel', shape: [2, 2, 1, 2] },
      { name: 'deep/bias', shape: [2] },
      { name: 'left/kernel', shape: [18, 3] },
      { name: 'left/bias', shape: [3] },
      { name: 'right/kernel', shape: [18, 3] },
      { name: 'right/bias', shape: [3] },
      { name: 'seed_generator/seed_generator_state', shape: [2] },
    ];
    const place = await written(
      'functional',
      model('Functional', {
        layers: [
          input('in', [4, 4, 1]),
          layer(
            'DepthwiseConv2D',
            'deep',
            {
              kernel_size: [2, 2],
              strides: [1, 1],
              padding: 'valid',
              depth_multiplier: 1 * 2,
              data_format: 'channels_last',
              dilation_rate: [1, 1],
              activation: 'relu',
              use_bias: true,
            },
            call('in'),
          ),
          layer('Flatten', 'flat', { data_format: 'channels_last' }, call('deep')),
          layer('Dense', 'left', denseOptions(3, 'linear'), call('flat')),
          layer('Dense', 'right', denseOptions(3, 'relu'), call('flat')),
          layer('Add', 'sum', {}, call('left', 'right')),
        ],
        input_layers: ['in', 0, 0],
        output_layers: [['sum', 0, 0]],
      }),
      weights,
    );
    const loaded = await tfl.loadLayersModel(nodeFiles(place));
    const inputs = tfl.input({ shape: [4, 4, 1] });
    const apply = (each: tfl.layers.Layer, ...from: tfl.SymbolicTensor[]) =>
      each.apply(from.length === 1 ? from[0] : from) as tfl.SymbolicTensor;
    const flat = apply(
      layers.flatten(),
      apply(layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, activation: 'relu' }), inputs),
    );
    const both = [
      apply(layers.dense({ units: 3 }), flat),
      apply(layers.dense({ units: 3, activation: 'relu' }), flat),
    ];
    const twin = tfl.model({ inputs, outputs: apply(layers.add(), ...both) });
    twin.setWeights(tensorsOf(weights).slice(0, -1));
    const x = randomRows(6, 16, 2, 2);
    expect(predict(loaded, x)).toEqual(predict(twin, x));
    expect(disagreement(loaded, toNetwork(loaded), x)).toBeLessThan(1);
  });

  test('any handler can be made readable', async () => {
    const weights = [
      { name: 'net/last/kernel', shape: [2, 1] },
      { name: 'net/last/bias', shape: [1] },
    ];
    const topology = model('Sequential', {
      layers: [input('in', [2]), layer('Dense', 'last', denseOptions(1, 'linear'))],
    });
    const handler = tf.io.fromMemory({
      modelTopology: topology,
      weightSpecs: weights.map(weight => ({ ...weight, dtype: 'float32' as const })),
      weightData: valuesOf(weights).buffer as ArrayBuffer,
      trainingConfig: { loss: 'nothing that TensorFlow.js knows' } as never,
    });
    const loaded = await tfl.loadLayersModel(readable(handler as tf.io.IOHandler));
    expect(loaded.layers.map(({ name }) => name)).toEqual(['in', 'last']);
  });

  const half = {
    module: 'keras',
    class_name: 'DTypePolicy',
    config: { name: 'mixed_float16' },
    registered_name: null,
  };
  test.each([
    ['another dtype', layer('Dense', 'bad', { ...denseOptions(2, 'relu'), dtype: half }), 'mixed_float16'],
    [
      'a threshold',
      layer('ReLU', 'bad', { max_value: null, negative_slope: 0, threshold: 0.5 }),
      'threshold 0.5',
    ],
    [
      'a slope under a largest value',
      layer('ReLU', 'bad', { max_value: 6, negative_slope: 0.5, threshold: 0 }),
      'negative_slope 0.5',
    ],
    ['groups', layer('Conv2D', 'bad', { filters: 2, kernel_size: [1, 1], groups: 2 }), 'groups 2'],
    ['kept dimensions', layer('GlobalAveragePooling2D', 'bad', { keepdims: true }), 'keepdims true'],
  ])('%s is refused by name', async (_, bad, actual) => {
    const place = await written(
      'refused',
      model('Sequential', { layers: [input('in', [2, 2, 2]), bad] }),
      [],
    );
    const error = await errorOf(() => tfl.loadLayersModel(nodeFiles(place)));
    expect(error).toMatchObject({ code: 'unsupported-layer', where: 'bad', actual });
    expect(error.remedy).toBeTruthy();
  });
});

test.each([
  [
    'a graph model',
    { node: [], library: {}, versions: {} },
    { format: 'graph-model' },
    'unsupported-layer',
    'model.json',
    /tfjs_layers_model/,
  ],
  [
    'a layer that nobody registered',
    {
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [{ class_name: 'Antirectifier', config: { name: 'odd', batch_input_shape: [null, 2] } }],
      },
    },
    {},
    'unsupported-layer',
    'odd',
    /registerClass/,
  ],
  ['no topology at all', {}, {}, 'invalid-network', 'model.json', /model\.save/],
] as const)('%s is refused in a sentence', async (name, topology, rest, code, where, remedy) => {
  const place = await written(name.replaceAll(' ', '-'), topology as Json, [], rest);
  const error = await errorOf(() => tfl.loadLayersModel(nodeFiles(place)));
  expect(error).toMatchObject({ code, where });
  expect(error.remedy).toMatch(remedy);
});
