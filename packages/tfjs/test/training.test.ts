import { box, enforce, type Region, type Sides, simplex } from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  FLOAT32_ROUNDOFF,
  float32Bound,
  gradientBound,
  innerOf,
  largest,
  largestDifference,
  layerKinds,
  makeModel,
  predict,
  randomRows,
  toMatrix,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 12, 12, 1];
const NONLINEARITIES = WIDTHS.length - 2;
const modes = ['shift', 'project'] as const;
const unitSquare = () => box([-0.5, -0.5], [0.5, 0.5]);
const regions = [
  unitSquare(),
  simplex([
    [1, 1],
    [2, 1],
    [1, 2],
  ]),
];

/** 24 points of a bent function. */
function data(): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const x = toTensor(randomRows(24, 2, 11, 2));
  return { x, y: tf.tidy(() => tf.sum(tf.abs(x), 1, true) as tf.Tensor2D) };
}

const fitArgs = { batchSize: 10, verbose: 0, shuffle: false } as const;
const scalar = (value: unknown): number => (value as tf.Scalar).dataSync()[0];

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  describe.each(modes)('mode %s', mode => {
    const policedModel = (given: readonly Region[] = regions) =>
      constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: given, mode });

    test('compile, fit, evaluate and predict', async () => {
      const { x, y } = data();
      const policed = policedModel();
      policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError', metrics: ['mae'] });
      const [before] = (policed.evaluate(x, y) as tf.Scalar[]).map(scalar);
      const { history } = await policed.fit(x, y, { ...fitArgs, epochs: 30 });
      const [loss, mae] = (policed.evaluate(x, y) as tf.Scalar[]).map(scalar);
      expect(loss).toBeLessThan(before / 4);
      expect(history.loss.length).toBe(30);

      const outputs = predict(policed, toMatrix(x));
      expect([outputs.rows, outputs.cols]).toEqual([24, 1]);
      const errors = outputs.data.map((value, i) => value - y.dataSync()[i]);
      const bound = largest(errors) * 2 * float32Bound(toNetwork(policed), toMatrix(x));
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean(errors.map(e => e * e)) - loss)).toBeLessThan(bound);
      expect(Math.abs(mean(errors.map(Math.abs)) - mae)).toBeLessThan(bound);
    });

    test('a custom loop', () => {
      const { x, y } = data();
      const policed = policedModel();
      const optimizer = tf.train.adam(0.02);
      const loss = () => tf.losses.meanSquaredError(y, policed.apply(x) as tf.Tensor) as tf.Scalar;
      const before = scalar(loss());
      for (let step = 0; step < 60; step++) {
        optimizer.minimize(loss);
        expect(bend(policed, toNetwork(policed), regions, step)).toBeLessThan(1);
      }
      expect(scalar(loss())).toBeLessThan(before / 4);
      optimizer.dispose();
      policed.dispose();
    });

    test('each step keeps the sides it had, and a unit that crosses by itself adopts the other', () => {
      const { x, y } = data();
      const policed = policedModel();
      const layer = policedLayerOf(policed);
      const optimizer = tf.train.adam(0.05);
      const loss = () => tf.losses.meanSquaredError(y, policed.apply(x) as tf.Tensor) as tf.Scalar;
      let keptAgainstMinimal = 0;
      let adopted = 0;
      for (let step = 0; step < 40; step++) {
        const raw = toNetwork(innerOf(policed));
        const before = layer.sides;
        const expected = enforce(raw, regions, { policy: 'sticky', sides: before }).sides;
        optimizer.minimize(loss, false, trainableOf(policed));
        expect(layer.sides).toEqual(expected);
        const count = (others: Sides) =>
          Object.keys(expected).reduce(
            (sum, name) => sum + expected[name].filter((side, i) => side !== others[name][i]).length,
            0,
          );
        keptAgainstMinimal += count(enforce(raw, regions, { policy: 'minimal' }).sides);
        if (step > 0) adopted += count(before);
      }
      expect(keptAgainstMinimal).toBeGreaterThan(0);
      expect(adopted).toBeGreaterThan(0);
    });

    test('leaves no tensors behind', async () => {
      const { x, y } = data();
      const start = tf.memory().numTensors;
      const policed = policedModel();
      const optimizer = tf.train.adam(0.01);
      policed.compile({ optimizer, loss: 'meanSquaredError' });
      const loss = () => tf.losses.meanSquaredError(y, policed.apply(x) as tf.Tensor) as tf.Scalar;
      const step = () => optimizer.minimize(loss, false, trainableOf(policed));
      const growthOf = async (action: () => unknown) => {
        const before = tf.memory().numTensors;
        await action();
        return tf.memory().numTensors - before;
      };

      step(); // Adam makes its moments
      expect(
        await growthOf(() => {
          for (let i = 0; i < 100; i++) step();
        }),
      ).toBe(0);
      expect(await growthOf(() => tf.dispose(policed.predict(x)))).toBe(0);
      expect(await growthOf(() => tf.dispose(policed.evaluate(x, y)))).toBe(0);
      expect(await growthOf(() => toNetwork(policed))).toBe(0);
      expect(await growthOf(() => freeze(policed).model.dispose())).toBe(0);
      await policed.fit(x, y, { ...fitArgs, epochs: 1 });
      expect(await growthOf(() => policed.fit(x, y, { ...fitArgs, epochs: 3 }))).toBe(0);
      optimizer.dispose();
      policed.dispose();
      expect(tf.memory().numTensors - start).toBe(0);
    });

    test('the frames are computed once for as long as the weights stay', async () => {
      const region = unitSquare();
      let ranges = 0;
      const counted: Region = {
        ...region,
        range: h => {
          ranges++;
          return region.range(h);
        },
      };
      const { x, y } = data();
      const policed = policedModel([counted]);
      policed.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
      const rangesIn = (action: () => unknown) => {
        ranges = 0;
        action();
        return ranges;
      };
      const use = () => {
        policed.predict(x);
        policed.evaluate(x, y);
        policed.apply(x);
      };
      expect(rangesIn(use)).toBe(NONLINEARITIES);
      expect(rangesIn(use)).toBe(0);
      await policed.trainOnBatch(x, y);
      // Mode `project` has them already: the step ends with a projection.
      expect(rangesIn(use)).toBe(mode === 'project' ? 0 : NONLINEARITIES);
      expect(rangesIn(use)).toBe(0);
      policed.setWeights(policed.getWeights().map(weight => tf.mul(weight, 0.9)));
      expect(rangesIn(use)).toBe(NONLINEARITIES);
    });

    test('regularizers count', async () => {
      const { x, y } = data();
      const l2 = 0.01;
      const regularized = () => {
        const kernelRegularizer = tfl.regularizers.l2({ l2 });
        const kernelInitializer = tfl.initializers.heNormal({ seed: 3 });
        const shared = { kernelRegularizer, kernelInitializer };
        return tfl.sequential({
          layers: [
            tfl.layers.dense({ units: 6, inputShape: [2], activation: 'relu', ...shared }),
            tfl.layers.dense({ units: 1, ...shared }),
          ],
        });
      };
      const lossesOf = async (model: tfl.LayersModel) => {
        model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
        return { trained: (await model.trainOnBatch(x, y)) as number, plain: scalar(model.evaluate(x, y)) };
      };
      const plain = regularized();
      const kernels = plain.layers.flatMap(layer => Array.from(layer.getWeights()[0].dataSync()));
      const squares = kernels.reduce((sum, w) => sum + w * w, 0);
      const unconstrained = await lossesOf(plain);
      const noRegions = await lossesOf(constrain(regularized(), { regions: [], mode }));
      expect(noRegions).toEqual(unconstrained);
      const constrained = await lossesOf(constrain(regularized(), { regions, mode }));
      const penalty = constrained.trained - constrained.plain;
      const bound = (kernels.length + x.shape[0]) * FLOAT32_ROUNDOFF * constrained.trained;
      expect(Math.abs(penalty - l2 * squares)).toBeLessThan(bound);
    });

    test('a Dense layer that is not trainable stays', async () => {
      const { x, y } = data();
      const inner = makeModel(WIDTHS, 'leakyRelu');
      inner.layers[0].trainable = false;
      const policed = constrain(inner, { regions, mode });
      policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      const kernels = () =>
        inner.layers.filter(l => l.getClassName() === 'Dense').map(l => l.getWeights()[0].dataSync().slice());
      const before = kernels();
      await policed.fit(x, y, { ...fitArgs, epochs: 2 });
      const after = kernels();
      expect(after[0]).toEqual(before[0]);
      expect(after[1]).not.toEqual(before[1]);
      expect(after[2]).not.toEqual(before[2]);
      expect(policed.trainableWeights.length).toBe(4);
      expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);

      policedLayerOf(policed).trainable = false;
      expect(policed.trainableWeights).toEqual([]);
    });

    test('summary and countParams', () => {
      const policed = policedModel();
      const inner = innerOf(policed);
      const sides = regions.length * (WIDTHS[1] + WIDTHS[2]); // leaky ReLU has one kink
      expect(policed.countParams()).toBe(inner.countParams() + sides);
      const lines: string[] = [];
      policed.summary(undefined, undefined, line => lines.push(line));
      expect(lines.join('\n')).toContain(`Total params: ${inner.countParams() + sides}`);
      expect(lines.join('\n')).toContain(`Trainable params: ${inner.countParams()}`);
    });

    test.each(layerKinds)('without regions, %s is the plain model and trains like it', async kind => {
      const { x, y } = data();
      const plain = makeModel(WIDTHS, kind);
      const policed = constrain(makeModel(WIDTHS, kind), { regions: [], mode });
      expect(predict(policed, toMatrix(x))).toEqual(predict(plain, toMatrix(x)));
      const epochs = 4;
      for (const model of [plain, policed]) {
        model.compile({ optimizer: tf.train.sgd(0.02), loss: 'meanSquaredError' });
        await model.fit(x, y, { ...fitArgs, epochs });
      }
      const expected = weightsOf(plain);
      const found = weightsOf(policed);
      expect(found.length).toBe(expected.length);
      // Every one of 3 steps an epoch adds rounding of the size of a gradient's, the weights being of its size.
      const size = largest(expected.flatMap(values => Array.from(values)));
      const bound = 3 * epochs * gradientBound(toNetwork(plain), fitArgs.batchSize, [], size);
      found.forEach((values, i) => {
        expect(largestDifference(values, expected[i])).toBeLessThan(bound);
      });
    });
  });

  describe('mode project', () => {
    test('after each step the weights are those of a constrained plain model', async () => {
      const { x, y } = data();
      const inner = makeModel(WIDTHS, 'leakyRelu');
      const policed = constrain(inner, { regions, mode: 'project' });
      policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      const bends: number[] = [];
      const look = () => {
        const plain = makeModel(WIDTHS, 'leakyRelu');
        plain.setWeights(policed.getWeights().slice(0, plain.weights.length));
        bends.push(bend(plain, toNetwork(plain), regions, bends.length));
        bends.push(bend(inner, toNetwork(inner), regions, bends.length));
      };
      look();
      await policed.fit(x, y, { ...fitArgs, epochs: 3, callbacks: { onBatchEnd: async () => look() } });
      expect(bends.length).toBe(2 * (1 + 3 * 3));
      expect(Math.max(...bends)).toBeLessThan(1);
    });
  });

  test('mode shift leaves the biases of the model in hand unshifted', () => {
    const inner = makeModel(WIDTHS, 'leakyRelu');
    const weights = weightsOf(inner);
    const policed = constrain(inner, { regions });
    predict(policed, randomRows(3, 2, 1));
    expect(weightsOf(inner)).toEqual(weights);
    expect(bend(inner, toNetwork(inner), regions, 1)).toBeGreaterThan(100);
  });
});
