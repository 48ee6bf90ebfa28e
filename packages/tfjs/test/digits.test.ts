import { boxAround, certify, type Matrix, type Region, rowOf, simplex } from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import { register, unregister } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLASSES, type Digits, loadDigits, SIDE } from './digits.js';
import { bend, predict, toInput, toMatrix, toTensor, useBackend } from './helpers.js';

const BATCH = 32;
const EPOCHS = 20;
const STEPS = 300;
/** Of each region, at every step. */
const CHORDS = 4;

const training = loadDigits(0, (BATCH * STEPS) / EPOCHS / CLASSES);
const held = loadDigits(100, 20);
const imageAt = (i: number) => Array.from(rowOf(held.images, i));

/** An image with three others of its class blended in, and the central pixels of an image of another class. */
const regions: readonly Region[] = [
  simplex([0, 10, 20, 30].map(i => imageAt(i).map((x, pixel) => 0.8 * imageAt(0)[pixel] + 0.2 * x))),
  boxAround(
    imageAt(1),
    imageAt(1).map((_, pixel) => (isCentral(pixel) ? 0.1 : 0)),
  ),
];

function isCentral(pixel: number): boolean {
  return [Math.floor(pixel / SIDE), pixel % SIDE].every(place => place >= 5 && place < 9);
}

const { layers } = tfl;
type Value = tfl.SymbolicTensor;

/** Counts up for seeds. */
class Maker {
  private count = 0;

  private get random() {
    this.count++;
    return { kernelInitializer: tfl.initializers.heNormal({ seed: this.count }) };
  }

  conv = (filters: number, strides = 1) =>
    layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', ...this.random });
  classes = () => layers.dense({ units: CLASSES, ...this.random });
}

const leaky = () => layers.leakyReLU({ alpha: 0.1 });
const through = (x: Value, ...list: tfl.layers.Layer[]) =>
  list.reduce((value, layer) => layer.apply(value) as Value, x);

function convolutional(): tfl.LayersModel {
  const m = new Maker();
  return tfl.sequential({
    layers: [
      layers.inputLayer({ inputShape: [SIDE, SIDE, 1] }),
      m.conv(6),
      leaky(),
      layers.maxPooling2d({ poolSize: 2 }),
      m.conv(8),
      leaky(),
      layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      layers.flatten(),
      m.classes(),
    ],
  });
}

function residual(): tfl.LayersModel {
  const m = new Maker();
  const inputs = tfl.input({ shape: [SIDE, SIDE, 1] });
  const block = (x: Value) => {
    const norm = () => layers.batchNormalization();
    const branch = through(x, m.conv(6), norm(), leaky(), m.conv(6), norm());
    return through(layers.add().apply([x, branch]) as Value, leaky());
  };
  const stem = through(inputs, m.conv(6, 2), layers.batchNormalization(), leaky());
  const pool = layers.averagePooling2d({ poolSize: 3, strides: 2 });
  const outputs = through(block(block(stem)), pool, layers.flatten(), m.classes());
  return tfl.model({ inputs, outputs });
}

/** `every`: steps from one at which the net is probed to the next. */
const nets = [
  { what: 'a convolutional net with max-pooling', make: convolutional, options: {}, every: 1 },
  { what: 'a residual net with batch normalisation', make: residual, options: {}, every: 10 },
  { what: 'the residual net, shifted per unit', make: residual, options: { sharing: 'per-unit' }, every: 1 },
] as const;

describe('on real digits, on wasm', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    register();
    await useBackend('wasm');
  });
  afterAll(unregister);

  test.each(nets)(
    '$what learns, affine to rounding at every step probed',
    async ({ make, options, every }) => {
      const policed = constrain(make(), { regions, ...options });
      const [x, y] = [toInput(policed, training.images), toTensor(training.labels)];
      const bends: number[] = [];
      let steps = 0;
      policed.compile({
        optimizer: tf.train.adam(0.003),
        loss: (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits),
      });
      await policed.fit(x, y, {
        epochs: EPOCHS,
        batchSize: BATCH,
        shuffle: false,
        verbose: 0,
        yieldEvery: 'never',
        callbacks: {
          onBatchEnd: async () => {
            if (steps++ % every === 0)
              bends.push(bend(policed, toNetwork(policed), regions, bends.length, CHORDS));
          },
        },
      });
      expect(bends.length).toBe(STEPS / every);
      expect(Math.max(...bends)).toBeLessThan(1);
      expect(policedLayerOf(policed).shifted.units).toBeGreaterThan(0);
      expect(trainingAccuracy(policed) - accuracy(policed, training)).toBeLessThan(MODES_APART);
      const plain = make();
      expect(bend(plain, toNetwork(plain), regions, 0), 'unconstrained').toBeGreaterThan(PLAINLY);

      const { model, network } = freeze(policed);
      expect(certify(network, regions).certified).toBe(true);
      for (const each of [policed, model]) expect(accuracy(each, held)).toBeGreaterThan(6 * CHANCE);
    },
  );
});

const CHANCE = 1 / CLASSES;

/** How much more than rounding an unconstrained net must bend for the probe to be worth anything. */
const PLAINLY = 10;

/** How much less may be right at inference than in training mode. */
const MODES_APART = 0.02;

/** Share of digits that inference gets right. */
function accuracy(model: tfl.LayersModel, { images, labels }: Digits): number {
  return shareRight(predict(model, images), labels);
}

/** The same of the digits trained on, in the batches of training and each normalised by itself. */
function trainingAccuracy(model: tfl.LayersModel): number {
  const { rows } = training.images;
  const shares = Array.from({ length: rows / BATCH }, (_, i) => {
    const part = ({ cols, data }: Matrix): Matrix => ({
      rows: BATCH,
      cols,
      data: data.subarray(i * BATCH * cols, (i + 1) * BATCH * cols),
    });
    const x = toInput(model, part(training.images));
    const logits = toMatrix(model.apply(x, { training: true }) as tf.Tensor);
    x.dispose();
    return shareRight(logits, part(training.labels));
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function shareRight(logits: Matrix, labels: Matrix): number {
  const right = Array.from({ length: logits.rows }, (_, i) =>
    Number(argmax(logits, i) === argmax(labels, i)),
  );
  return right.reduce((sum, hit) => sum + hit, 0) / logits.rows;
}

function argmax(matrix: Matrix, row: number): number {
  const values = rowOf(matrix, row);
  return values.indexOf(Math.max(...values));
}
