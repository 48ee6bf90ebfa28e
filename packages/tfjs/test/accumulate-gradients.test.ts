import { box, simplex } from '@police/core';
import {
  accumulateGradients,
  type ConstrainOptions,
  constrain,
  policedLayerOf,
  toNetwork,
} from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  gradientBound,
  largest,
  largestDifference,
  makeModel,
  randomRows,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 12, 10, 1];
const regions = [
  box([-0.5, -0.5], [0.5, 0.5]),
  simplex([
    [1, 1],
    [2, 1],
    [1, 2],
  ]),
];
const ROWS = 20;
const LOOP = { from: [0, 7, 14], to: [7, 14, ROWS] };

const loss = (y: tf.Tensor, output: tf.Tensor) => tf.sum(tf.square(tf.sub(y, output))) as tf.Scalar;
const data = () => [toTensor(randomRows(ROWS, 2, 11, 2)), toTensor(randomRows(ROWS, 1, 12))] as const;
const microBatches = (x: tf.Tensor, y: tf.Tensor) =>
  LOOP.from.map((from, i) => {
    const count = LOOP.to[i] - from;
    return [tf.slice(x, [from, 0], [count, -1]), tf.slice(y, [from, 0], [count, -1])] as const;
  });
const policedModel = (options: Partial<ConstrainOptions> = {}, kind: 'prelu' | 'leakyRelu' = 'prelu') =>
  constrain(makeModel(WIDTHS, kind), { regions, ...options });
const sidesOf = (policed: tfl.LayersModel) => Object.values(policedLayerOf(policed).sides);
const valuesOf = (grads: ReturnType<typeof accumulateGradients>['grads']) =>
  grads.map(({ tensor }) => Array.from(tensor.dataSync()));

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each<Partial<ConstrainOptions>>([
    {},
    { gradient: 'local' },
    { mode: 'project' },
    { policy: 'majority' },
    { schedule: { from: 0.5, steps: 3 } },
  ])('with %o gradients are those of the whole batch', options => {
    const [x, y] = data();
    const policed = policedModel(options);
    const whole = policedModel(options);
    for (let step = 0; step < 2; step++) {
      const { grads } = accumulateGradients(policed, microBatches(x, y), loss);
      const atOnce = tf.variableGrads(
        () => loss(y, whole.apply(x, { training: true }) as tf.Tensor),
        trainableOf(whole),
      );
      const found = valuesOf(grads);
      const expected = trainableOf(whole).map(({ name }) => Array.from(atOnce.grads[name].dataSync()));
      const size = largest(expected.flat());
      const bound = gradientBound(toNetwork(policed), ROWS, regions, size);
      found.forEach((gradient, i) => {
        expect(largestDifference(gradient, expected[i]), `variable ${i}, step ${step}`).toBeLessThan(bound);
      });
      expect(sidesOf(policed)).toEqual(sidesOf(whole));
      expect(grads.map(({ name }) => name)).toEqual(trainableOf(policed).map(({ name }) => name));
    }
  });

  test('trains, affine at every step, and leaves no tensors behind', () => {
    const [x, y] = data();
    const policed = policedModel();
    const optimizer = tf.train.adam(0.02);
    const batches = microBatches(x, y);
    const losses: number[] = [];
    let tensors = 0;
    for (let step = 0; step < 30; step++) {
      const { value, grads } = accumulateGradients(policed, batches, loss);
      losses.push(value.dataSync()[0]);
      optimizer.applyGradients(grads);
      tf.dispose({ value, grads });
      if (step === 1) tensors = tf.memory().numTensors;
      expect(bend(policed, toNetwork(policed), regions, step, 8)).toBeLessThan(1);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    // What inference has cached meanwhile is numbers, no tensors.
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('the frames pass as often for many micro-batches as for one, and not at all between refreshes', async () => {
    const passes = async (policed: tfl.LayersModel, count: number) => {
      const [x, y] = data();
      const batches = Array.from({ length: count }, () => [x, y] as const);
      const { kernels } = await tf.profile(() => {
        tf.dispose({ ...accumulateGradients(policed, batches, loss) });
        return tf.scalar(0);
      });
      return kernels.filter(({ name }) => name === 'PoliceWithGradient').length;
    };
    const nonlinearities = WIDTHS.length - 2;
    expect(await passes(policedModel(), 1)).toBe(2 * nonlinearities);
    expect(await passes(policedModel(), 4)).toBe(2 * nonlinearities);
    const seldom = policedModel({ refresh: 2 });
    expect(await passes(seldom, 3)).toBe(2 * nonlinearities);
    expect(await passes(seldom, 3)).toBe(0);
  });

  test('of the last layer alone, if the others are frozen', () => {
    const [x, y] = data();
    const model = makeModel(WIDTHS, 'leakyRelu');
    for (const layer of model.layers.slice(0, -1)) layer.trainable = false;
    const policed = constrain(model, { regions });
    const { grads } = accumulateGradients(policed, microBatches(x, y), loss);
    expect(grads.map(({ name }) => name)).toEqual(trainableOf(policed).map(({ name }) => name));
    expect(largest(valuesOf(grads).flat())).toBeGreaterThan(0);
  });

  test('refuses what depends on each micro-batch, and a target', async () => {
    const [x, y] = data();
    const normalised = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, inputShape: [2] }),
        tfl.layers.batchNormalization({ name: 'norm' }),
        tfl.layers.reLU(),
        tfl.layers.dense({ units: 1 }),
      ],
    });
    const batches = microBatches(x, y);
    expect(
      await errorOf(() => accumulateGradients(constrain(normalised, { regions }), batches, loss)),
    ).toMatchObject({ code: 'unsupported-layer', where: 'norm' });
    const target = { A: { rows: 1, cols: 2, data: Float64Array.of(1, 2) } };
    const aimed = policedModel({ regions: [regions[0]], target });
    expect(await errorOf(() => accumulateGradients(aimed, batches, loss))).toMatchObject({
      code: 'invalid-option',
    });
  });

  test.each(['lifted', 'not lifted'])(
    'through max-pooling whose windows are %s, dropout and a softmax',
    what => {
      const radius = what === 'lifted' ? 0.6 : 0;
      const region = box(new Float64Array(16).fill(-radius), new Float64Array(16).fill(radius));
      const policed = () =>
        constrain(
          tfl.sequential({
            layers: [
              tfl.layers.dense({
                units: 16,
                inputShape: [16],
                kernelInitializer: tfl.initializers.heNormal({ seed: 1 }),
                biasInitializer: tfl.initializers.randomUniform({ minval: 2, maxval: 3, seed: 2 }),
              }),
              tfl.layers.reshape({ targetShape: [4, 4, 1] }),
              tfl.layers.maxPooling2d({ poolSize: 2 }),
              tfl.layers.flatten(),
              tfl.layers.dropout({ rate: 0 }),
              tfl.layers.dense({
                units: 2,
                activation: 'softmax',
                kernelInitializer: tfl.initializers.heNormal({ seed: 3 }),
              }),
            ],
          }),
          { regions: [region] },
        );
      const inputs = toTensor(randomRows(ROWS, 16, 21));
      const targets = toTensor(randomRows(ROWS, 2, 22));
      const [one, whole] = [policed(), policed()];
      const found = valuesOf(accumulateGradients(one, microBatches(inputs, targets), loss).grads);
      const { grads } = tf.variableGrads(
        () => loss(targets, whole.apply(inputs, { training: true }) as tf.Tensor),
        trainableOf(whole),
      );
      const expected = trainableOf(whole).map(({ name }) => Array.from(grads[name].dataSync()));
      const bound = gradientBound(toNetwork(one), ROWS, [region], largest(expected.flat()));
      found.forEach((gradient, i) => {
        expect(largestDifference(gradient, expected[i]), `variable ${i}`).toBeLessThan(bound);
      });
      expect(sidesOf(one).some(winners => winners.some(winner => winner >= 0))).toBe(what === 'lifted');
    },
  );

  test('without a micro-batch there is nothing to say', async () => {
    for (const options of [{}, { mode: 'project' as const }])
      expect(await errorOf(() => accumulateGradients(policedModel(options), [], loss))).toMatchObject({
        code: 'invalid-option',
      });
  });

  test('NaN in a micro-batch is an error that changes nothing and leaves no tensors behind', async () => {
    const [x, y] = data();
    const policed = policedModel({ schedule: { from: 0.5, steps: 3 } });
    tf.dispose({ ...accumulateGradients(policed, [[x, y]], loss) });
    const bad = tf.mul(x, Number.NaN);
    const before = tf.memory().numTensors;
    const weights = weightsOf(policed);
    const error = await errorOf(() =>
      accumulateGradients(
        policed,
        [
          [x, y],
          [bad, y],
        ],
        loss,
      ),
    );
    expect(error.code).toBe('not-finite');
    expect(tf.memory().numTensors).toBe(before);
    expect(weightsOf(policed)).toEqual(weights);
  });
});
