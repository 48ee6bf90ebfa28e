import '@tensorflow/tfjs-backend-cpu';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { box, forward, matrixFromRows } from '@police/core';
import { readModel } from '@police/onnx-import';
import { constrain } from '@police/tfjs';
import { nodeFiles } from '@police/tfjs/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { NeuralNetwork } from 'brain.js';
import synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import { police, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const file = (name: string) => join(folder, name);

/** The exported model's outputs, through the importer. */
async function outputsOf(onnx: string, points: readonly number[][]): Promise<number[]> {
  const { network } = readModel(await readFile(onnx));
  return Array.from(forward(network, matrixFromRows(points)).data);
}

const expectNear = (actual: readonly number[], expected: readonly number[], tolerance = 1e-5) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((y, i) => {
    expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i])));
  });
};

test('a TensorFlow.js model keeps its outputs, and can be enforced', async () => {
  await tf.setBackend('cpu');
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 6, inputShape: [3] }),
      tfl.layers.leakyReLU({ alpha: 0.25 }),
      tfl.layers.dense({ units: 2 }),
    ],
  });
  await model.save(nodeFiles(file('saved')));
  const done = await police(['export', join(file('saved'), 'model.json'), '-o', file('tfjs.onnx')]);
  expect(done).toMatchObject({ code: 0 });
  expect(done.text).toContain('TensorFlow.js: 3 inputs, 2 outputs');
  const points = [
    [0.5, -1, 2],
    [-3, 0.25, 0],
  ];
  const expected = model.predict(tf.tensor2d(points)) as tf.Tensor;
  expectNear(await outputsOf(file('tfjs.onnx'), points), Array.from(expected.dataSync()));
  await writeFile(file('ball.json'), '{"kind": "ball", "centre": [0, 0, 0], "radius": 1}');
  const args = ['enforce', file('tfjs.onnx'), '-r', file('ball.json'), '-o', file('affine.onnx')];
  expect(await police(args)).toMatchObject({ code: 0 });
});

test('a brain.js network keeps its outputs', async () => {
  const net = new NeuralNetwork({ hiddenLayers: [5], activation: 'leaky-relu', leakyReluAlpha: 0.1 });
  net.train(
    [
      { input: [0, 1], output: [1] },
      { input: [1, 1], output: [0] },
    ],
    { iterations: 20 },
  );
  await writeFile(file('brain.json'), JSON.stringify(net.toJSON()));
  expect(await police(['export', file('brain.json'), '-o', file('brain.onnx'), '--json'])).toMatchObject({
    code: 0,
  });
  const points = [
    [0.5, 1],
    [-2, 0.25],
  ];
  expectNear(
    await outputsOf(file('brain.onnx'), points),
    points.flatMap(point => Array.from(net.run(point) as ArrayLike<number>)),
  );
});

test('a synaptic network keeps its outputs', async () => {
  const net = new synaptic.Architect.Perceptron(2, 4, 1);
  for (const layer of [...net.layers.hidden, net.layers.output])
    layer.set({ squash: synaptic.Neuron.squash.RELU });
  await writeFile(file('synaptic.json'), JSON.stringify(net.toJSON()));
  expect(await police(['export', file('synaptic.json'), '-o', file('synaptic.onnx')])).toMatchObject({
    code: 0,
  });
  const points = [
    [0.5, 1],
    [-2, 0.25],
  ];
  const expected = points.flatMap(point => Array.from(net.activate(point)));
  expectNear(await outputsOf(file('synaptic.onnx'), points), expected);
});

test('what is none of them is refused, naming what is there', async () => {
  await writeFile(file('other.json'), '{"weights": []}');
  const other = await police(['export', file('other.json'), '-o', file('never.onnx')]);
  expect(other).toMatchObject({ code: 2 });
  expect(other.errors).toContain('got one with weights');
  await writeFile(file('recurrent.json'), JSON.stringify({ sizes: [1, 1], layers: [{}, {}], type: 'LSTM' }));
  expect((await police(['export', file('recurrent.json'), '-o', file('never.onnx')])).code).toBeGreaterThan(
    0,
  );
});

test('the file named is read, its final softmax exported, and weights linked from elsewhere are refused', async () => {
  await tf.setBackend('cpu');
  const net = (units: number) =>
    tfl.sequential({ layers: [tfl.layers.dense({ units, inputShape: [2], activation: 'softmax' })] });
  await net(3).save(nodeFiles(file('two')));
  await net(5).save(nodeFiles(file('other')));
  const json = JSON.parse(await readFile(join(file('other'), 'model.json'), 'utf8'));
  json.weightsManifest[0].paths = ['best.bin'];
  const best = join(file('two'), 'best.json');
  await writeFile(best, JSON.stringify(json));
  await symlink(join(file('other'), 'weights.bin'), join(file('two'), 'best.bin'));
  const refused = await police(['export', best, '-o', file('best.onnx')]);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.errors).toContain('got one outside');
  await rm(join(file('two'), 'best.bin'));
  await copyFile(join(file('other'), 'weights.bin'), join(file('two'), 'best.bin'));
  const done = await police(['export', best, '-o', file('best.onnx'), '--json']);
  expect(JSON.parse(done.text)).toMatchObject({ outputs: 5, final: 'softmax' });
  expect(readModel(await readFile(file('best.onnx'))).tail[0]).toContain('Softmax');
});

test('the final softmax of a constrained model, and of a model within a model, is exported too', async () => {
  await tf.setBackend('cpu');
  const inner = () =>
    tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, inputShape: [2], activation: 'relu' }),
        tfl.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
  const nested = tfl.sequential({ layers: [inner()] });
  const policed = constrain(inner(), { regions: [box([-1, -1], [1, 1])] });
  for (const [name, model] of Object.entries({ nested, policed })) {
    await model.save(nodeFiles(file(name)));
    const out = file(`${name}.onnx`);
    const done = await police(['export', join(file(name), 'model.json'), '-o', out]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('then the final softmax');
    expect(readModel(await readFile(out)).tail.join()).toContain('Softmax');
  }
});

describe('what people have', () => {
  const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' } };
  const weightsManifest = (...names: string[]) => [
    {
      paths: ['weights.bin'],
      weights: names.map((name, i) => ({ name, shape: i === 0 ? [2, 1] : [1], dtype: 'float32' })),
    },
  ];

  async function written(name: string, json: object): Promise<string> {
    await mkdir(file(name), { recursive: true });
    await writeFile(join(file(name), 'weights.bin'), Buffer.from(Float32Array.of(1, -2, 0.5).buffer));
    await writeFile(join(file(name), 'model.json'), JSON.stringify(json));
    return join(file(name), 'model.json');
  }

  test('a model of Keras 3 is read', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 2], dtype: 'float32', name: 'i' } },
      { class_name: 'Dense', config: { name: 'dense', dtype, units: 1, activation: 'relu', use_bias: true } },
    ];
    const model = await written('keras3', {
      format: 'layers-model',
      modelTopology: {
        keras_version: '3.6.0',
        model_config: { class_name: 'Sequential', config: { name: 's', layers } },
      },
      weightsManifest: weightsManifest('s/dense/kernel', 's/dense/bias'),
    });
    const out = file('keras3.onnx');
    expect(await police(['export', model, '-o', out])).toMatchObject({ code: 0 });
    const { network } = readModel(await readFile(out));
    expect(
      Array.from(
        forward(
          network,
          matrixFromRows([
            [1, 0.25],
            [0, 1],
          ]),
        ).data,
      ),
    ).toEqual([1, 0]);
  });

  test.each([
    [
      'a graph model',
      'graph',
      { format: 'graph-model', modelTopology: { node: [] } },
      3,
      /tfjs_layers_model/,
    ],
    [
      'a layer of the user’s own',
      'custom',
      {
        format: 'layers-model',
        modelTopology: {
          class_name: 'Sequential',
          config: {
            name: 's',
            layers: [{ class_name: 'Mine', config: { name: 'mine', batch_input_shape: [null, 2] } }],
          },
        },
        weightsManifest: weightsManifest(),
      },
      3,
      /class Mine, which nobody has registered/,
    ],
    [
      'brain.js 1',
      'brain1',
      { sizes: [2, 1], layers: [{ 0: {}, 1: {} }, { 0: { bias: 0.5, weights: { 0: -1, 1: 0.3 } } }] },
      2,
      /brain\.js 1's nodes by number/,
    ],
    [
      'brain.js without weights',
      'brain2',
      { sizes: [2, 1], layers: [{}, { weights: [[null, 1]], biases: [0] }] },
      2,
      /layers\[1\] weights of node 0/,
    ],
    [
      'synaptic, broken',
      'synaptic',
      { neurons: [null], connections: [{}] },
      3,
      /that synaptic reads|neurons/,
    ],
  ])('%s is refused in a sentence that names the file', async (_what, name, json, code, message) => {
    const model = await written(name, json);
    const { code: exit, errors } = await police(['export', model, '-o', file('never.onnx')]);
    expect(exit).toBe(code);
    expect(errors).toContain(model);
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/\n\s+at /);
  });
});
