import { box, certify } from '@police/core';
import { constrain, freeze, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  bend,
  errorOf,
  float32Bound,
  innerOf,
  largestDifference,
  predict,
  randomRows,
  reloaded,
  toInput,
  toMatrix,
  toTensor,
} from './helpers.js';

const { layers } = tfl;
const SIZE = 3;
const regions = [box([0.5, 0.5, 0.5], [2, 2, 2])];
const data = (rows: number, seed: number) => randomRows(rows, SIZE, seed, 2);

/** Batch normalisation before and after what is shifted. */
function model(...head: tfl.layers.Layer[]): tfl.LayersModel {
  const dense = (units: number, seed: number, options = {}) =>
    layers.dense({ units, kernelInitializer: tfl.initializers.heNormal({ seed }), ...options });
  return tfl.sequential({
    layers: [
      dense(12, 1, { inputShape: [SIZE] }),
      layers.batchNormalization(),
      layers.leakyReLU({ alpha: 0.1 }),
      dense(12, 2),
      layers.batchNormalization(),
      layers.leakyReLU({ alpha: 0.1 }),
      dense(2, 3),
      ...head,
    ],
  });
}

const ROWS = 64;

/** The bound is that of inference, whose statistics are given; the batch's are computed, in float32. */
const STATISTICS_ALLOWANCE = 64;

/** Of batch normalisation under the constraint, on the backend in use; hundreds of small batches only where they take no minutes. */
export function statisticsLaws(inSmallBatches = true): void {
  afterEach(() => vi.restoreAllMocks());

  describe.each(['shift', 'project'] as const)('mode %s', mode => {
    const policedModel = (given = regions) => {
      const policed = constrain(model(), { regions: given, mode });
      policed.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
      return policed;
    };
    /** In training mode, which sees nothing but this batch. */
    const inTraining = (policed: tfl.LayersModel, x: ReturnType<typeof data>) =>
      toMatrix(policed.apply(toInput(policed, x), { training: true }) as tf.Tensor);
    const apart = (policed: tfl.LayersModel, x: ReturnType<typeof data>) => {
      // Inference first: training mode moves the averages.
      const inference = predict(policed, x);
      return (
        largestDifference(inTraining(policed, x).data, inference.data) / float32Bound(toNetwork(policed), x)
      );
    };

    test('inference has the statistics of what was trained on last, shifts included', async () => {
      const policed = policedModel();
      const x = data(64, 1);
      for (let step = 0; step < 5; step++) {
        await policed.trainOnBatch(toInput(policed, x), toTensor(randomRows(64, 2, 9)));
        expect(apart(policed, x), `step ${step}`).toBeLessThan(STATISTICS_ALLOWANCE);
        expect(bend(policed, toNetwork(policed), regions, step)).toBeLessThan(1);
      }
      // The moving averages of an unconstrained model are nowhere near.
      const plain = policedModel([]);
      await plain.trainOnBatch(toInput(plain, x), toTensor(randomRows(64, 2, 9)));
      expect(apart(plain, x)).toBeGreaterThan(100 * STATISTICS_ALLOWANCE);
    });

    test('what is saved, frozen and converted has them too', async () => {
      const policed = policedModel();
      const [x, y] = [toInput(policed, data(64, 1)), toTensor(randomRows(64, 2, 9))];
      for (const use of [reloaded, (each: tfl.LayersModel) => freeze(each).model]) {
        await policed.trainOnBatch(x, y);
        const used = await use(policed);
        const bound = float32Bound(toNetwork(policed), data(64, 1));
        expect(
          largestDifference(predict(used, data(64, 1)).data, predict(policed, data(64, 1)).data),
        ).toBeLessThan(bound);
      }
    });

    test('freeze takes them from data given', async () => {
      const policed = policedModel();
      await policed.trainOnBatch(toInput(policed, data(64, 1)), toTensor(randomRows(64, 2, 9)));
      const other = randomRows(200, SIZE, 7, 4);
      const { model: frozen, network } = freeze(policed, { calibrate: toInput(policed, other) });
      const bound = float32Bound(network, other);
      expect(largestDifference(predict(frozen, other).data, inTraining(policed, other).data)).toBeLessThan(
        STATISTICS_ALLOWANCE * bound,
      );
      expect(certify(network, regions).certified).toBe(true);
      expect(bend(frozen, network, regions, 1)).toBeLessThan(1);
    });
  });

  test('what a step that went wrong was trained on counts no more', async () => {
    const policed = constrain(model(), { regions });
    policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    const [x, y] = [toInput(policed, data(64, 1)), toTensor(randomRows(64, 2, 9))];
    await policed.trainOnBatch(x, y);
    const before = predict(policed, data(8, 4));
    const error = await errorOf(() => policed.trainOnBatch(tf.mul(x, Number.NaN), y));
    expect(error.code).toBe('not-finite');
    expect(predict(policed, data(8, 4))).toEqual(before);
    await policed.trainOnBatch(x, y);
    expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
  });

  test('a model that is disposed of leaves none behind', async () => {
    const { numTensors } = tf.memory();
    const policed = constrain(model(), { regions });
    policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    const [x, y] = [toInput(policed, data(64, 1)), toTensor(randomRows(64, 2, 9))];
    for (let step = 0; step < 3; step++) await policed.trainOnBatch(x, y);
    predict(policed, data(8, 4));
    tf.dispose([x, y]);
    policed.dispose();
    // The optimizer’s rate.
    expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(1);
  });

  test('only so many rows are kept', async () => {
    const policed = constrain(model(), { regions });
    policed.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const step = (rows: number, seed: number) =>
      policed.trainOnBatch(toInput(policed, data(rows, seed)), tf.zeros([rows, 2]));
    const statistics = () =>
      policed
        .getWeights()
        .slice(-4)
        .map(w => Array.from(w.dataSync()));
    await step(1024, 1);
    const before = statistics();
    await step(1000, 2);
    await step(24, 3);
    expect(statistics()).not.toEqual(before);
    // 1024 rows since: the first ones count no more.
    const fresh = constrain(innerOf(policed), { regions });
    fresh.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    await fresh.trainOnBatch(toInput(fresh, data(1000, 2)), tf.zeros([1000, 2]));
    await fresh.trainOnBatch(toInput(fresh, data(24, 3)), tf.zeros([24, 2]));
    expect(predict(fresh, data(8, 4))).toEqual(predict(policed, data(8, 4)));
  });

  /** Two classes in turns. */
  const classes = Array.from({ length: ROWS }, (_, i) => i % 2);
  const oneHot = () => tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), 2), 'float32'));

  test.runIf(inSmallBatches).each([
    ['classes', 'sparseCategoricalCrossentropy', () => tf.tensor2d(classes, [ROWS, 1])],
    ['one-hot classes', 'categoricalCrossentropy', oneHot],
    ['numbers', 'meanSquaredError', () => tf.tidy(() => tf.mul(oneHot(), 3.5))],
  ] as const)('says so where batches are too small for both modes to agree: %s', async (_, loss, targets) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const policed = constrain(model(...(loss === 'meanSquaredError' ? [] : [layers.softmax()])), { regions });
    policed.compile({ optimizer: tf.train.adam(0.05), loss });
    // In a batch of two rows the second class always lies the same way from the first, wherever that is.
    const x = randomRows(ROWS, SIZE, 3, 4);
    for (let i = 0; i < ROWS * SIZE; i++) if (i % (2 * SIZE) >= SIZE) x.data[i] = x.data[i - SIZE] + 0.2;
    const fit = (batchSize: number, epochs: number) =>
      policed.fit(toInput(policed, x), targets(), { epochs, batchSize, shuffle: false, verbose: 0 });
    await fit(2, 4);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/on the last \d+ rows .*%.* at inference.*calibrate/);
    warn.mockClear();
    await fit(ROWS, Math.ceil(1024 / ROWS));
    expect(warn).not.toHaveBeenCalled();
  });
}
