import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { leaked, nothing, random, useBackend } from './helpers.js';

beforeAll(() => register());

const {
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  leakyReLU,
  maxPooling2d,
  averagePooling2d,
  batchNormalization,
} = tfl.layers;

/** Weights that depend on the architecture only. */
function seeded(model: tfl.Sequential): tfl.Sequential {
  const weights = model.getWeights();
  model.setWeights(weights.map((w, i) => (w.rank > 1 ? tf.mul(random(w.shape, i + 1), 0.5) : tf.clone(w))));
  return model;
}

const convNet = () =>
  seeded(
    tfl.sequential({
      layers: [
        conv2d({ filters: 4, kernelSize: 3, inputShape: [10, 10, 2], padding: 'same' }),
        leakyReLU({ alpha: 0.1 }),
        maxPooling2d({ poolSize: 2 }),
        depthwiseConv2d({ kernelSize: 3 }),
        batchNormalization(),
        conv2d({ filters: 6, kernelSize: 2, strides: 2, activation: 'relu' }),
        flatten(),
        dense({ units: 3 }),
      ],
    }),
  );

const denseNet = () =>
  seeded(
    tfl.sequential({
      layers: [
        dense({ units: 9, inputShape: [7] }),
        leakyReLU({ alpha: 0.1 }),
        dense({ units: 4, activation: 'sigmoid' }),
      ],
    }),
  );

interface Setup {
  loss: string;
  optimizer: () => tf.Optimizer;
}

/** The losses of eight epochs. */
async function curve(
  backend: 'cpu' | 'wasm',
  make: () => tfl.Sequential,
  { loss, optimizer }: Setup,
): Promise<number[]> {
  await useBackend(backend);
  const model = make();
  model.compile({ optimizer: optimizer(), loss });
  const [shape] = model.inputs.map(input => input.shape);
  const x = random([24, ...(shape.slice(1) as number[])], 31);
  const outputs = model.outputs[0].shape[1] as number;
  const y = tf.softmax(tf.mul(random([24, outputs], 32), 3) as tf.Tensor2D);
  const { history } = await model.fit(x, y, { epochs: 8, batchSize: 10, shuffle: false, verbose: 0 });
  model.dispose();
  tf.dispose([x, y]);
  return history.loss as number[];
}

/** Rounding grows along a training run, by the factor of each step: seen 1e-5, and any wrong gradient gives 1e-1. */
const DRIFT = 1e-3;

async function sameCurve(make: () => tfl.Sequential, setup: Setup): Promise<void> {
  const expected = await curve('cpu', make, setup);
  const actual = await curve('wasm', make, setup);
  const scale = Math.max(...expected.map(Math.abs));
  actual.forEach((loss, i) => {
    expect(Math.abs(loss - expected[i]) / scale).toBeLessThan(DRIFT);
  });
  expect(Math.abs(expected[7] - expected[0]) / scale).toBeGreaterThan(3 * DRIFT);
}

const sgd = () => tf.train.sgd(0.1);

test('a conv net learns on wasm as on cpu', () =>
  sameCurve(convNet, { loss: 'meanSquaredError', optimizer: () => tf.train.adam(0.01) }));

describe('a dense net learns as on cpu', () => {
  test.each([
    'meanSquaredError',
    'meanAbsoluteError',
    'meanAbsolutePercentageError',
    'meanSquaredLogarithmicError',
    'squaredHinge',
    'hinge',
    'categoricalHinge',
    'logcosh',
    'categoricalCrossentropy',
    'binaryCrossentropy',
    'kullbackLeiblerDivergence',
    'poisson',
    'cosineProximity',
  ])('with loss %s', loss => sameCurve(denseNet, { loss, optimizer: sgd }));

  test.each([
    ['momentum', () => tf.train.momentum(0.1, 0.9)],
    ['adagrad', () => tf.train.adagrad(0.1)],
    ['adadelta', () => tf.train.adadelta(1)],
    ['adam', () => tf.train.adam(0.01)],
    ['adamax', () => tf.train.adamax(0.01)],
    ['rmsprop', () => tf.train.rmsprop(0.01)],
  ] as const)('with optimizer %s', (_, optimizer) =>
    sameCurve(denseNet, { loss: 'meanSquaredError', optimizer }),
  );
});

/** One training step of a model by hand. */
function stepOf(model: tfl.Sequential, optimizer: tf.Optimizer): () => void {
  const [shape] = model.inputs.map(input => input.shape.slice(1) as number[]);
  const outputs = model.outputs[0].shape[1] as number;
  return () =>
    tf.tidy(() => {
      const [x, y] = [random([5, ...shape], 3), random([5, outputs], 4)];
      optimizer.minimize(() =>
        tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor),
      );
    });
}

test.each([
  ['dense', denseNet],
  ['conv', convNet],
] as const)('steps of a %s net leave nothing in memory', async (_, make) => {
  await useBackend('wasm');
  const step = stepOf(make(), tf.train.adam(0.01));
  step(); // makes the optimizer's variables
  for (let i = 0; i < 5; i++) expect(leaked(step)).toEqual(nothing);
});

test('the gradient of a conv net is its difference quotient', async () => {
  await useBackend('wasm');
  // Smooth, so that a difference quotient is good everywhere.
  const model = seeded(
    tfl.sequential({
      layers: [
        conv2d({
          filters: 3,
          kernelSize: 3,
          strides: 2,
          inputShape: [8, 7, 2],
          padding: 'same',
          activation: 'tanh',
        }),
        averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
        depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, activation: 'sigmoid' }),
        flatten(),
        dense({ units: 2, activation: 'softplus' }),
      ],
    }),
  );
  const x = random([3, 8, 7, 2], 3);
  const projection = random([3, 2], 4);
  const value = () => tf.sum(tf.mul(model.apply(x) as tf.Tensor, projection)) as tf.Scalar;
  const { grads } = tf.variableGrads(value);
  for (const weight of model.trainableWeights) {
    const variable = weight.read() as tf.Variable;
    const direction = random(variable.shape, 9);
    const at = variable.clone();
    // Truncation step² and rounding eps / step are both 1e-4 or less here.
    const step = 2 ** -6;
    const [ahead, behind] = [step, -step].map(s => {
      variable.assign(tf.add(at, tf.mul(direction, s)));
      return value().dataSync()[0];
    });
    variable.assign(at);
    const slope = tf.sum(tf.mul(grads[variable.name], direction)).dataSync()[0];
    expect(Math.abs((ahead - behind) / (2 * step) - slope) / (Math.abs(slope) + 0.1)).toBeLessThan(3e-3);
  }
});
