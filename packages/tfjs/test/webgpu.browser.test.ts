import { boxAround, simplex } from '@police/core';
import { constrain, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectLaws, makeSetup } from './graph-laws.js';
import {
  bend,
  errorOf,
  makeModel,
  randomRows,
  toTensor,
  trainableOf,
  useBackend,
  watchRefusals,
  weightsOf,
} from './helpers.js';
import { type ModelCase, modelCases } from './models.js';

const dense: ModelCase = { what: 'dense layers', make: () => makeModel([3, 8, 6, 2], 'leakyRelu') };
const residual = modelCases.find(({ what }) => what.includes('a residual block'))!;

/** Every value that the constraint reads takes WebGPU milliseconds: the laws on a few models only. */
describe('on webgpu', () => {
  beforeAll(() => useBackend('webgpu'));
  watchRefusals();

  test.each([
    { ...dense, steps: 4 },
    { ...residual, steps: 1 },
  ])('$what: as core sees it, affine at every step, and frozen', ({ steps, ...modelCase }) =>
    expectLaws(makeSetup(modelCase, 'per-channel'), steps),
  );

  const regions = [
    boxAround([0, 0], [0.5, 0.5]),
    simplex([
      [1, 1],
      [2, 1],
      [1, 2],
    ]),
  ];
  const policedModel = () => constrain(makeModel([2, 8, 1], 'prelu'), { regions, mode: 'project' });
  const data = () => [toTensor(randomRows(8, 2, 1)), toTensor(randomRows(8, 1, 2))];

  test('mode project, and no tensors left behind', () => {
    const policed = policedModel();
    const [x, y] = data();
    const optimizer = tf.train.sgd(0.05);
    const step = () =>
      optimizer.minimize(
        () => tf.losses.meanSquaredError(y, policed.apply(x) as tf.Tensor) as tf.Scalar,
        false,
        trainableOf(policed),
      );
    step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 3; i++) {
      step();
      expect(bend(policed, toNetwork(policed), regions, i)).toBeLessThan(1);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('NaN in the training data is an error that keeps the weights', async () => {
    const policed = policedModel();
    policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
    const [x, y] = data();
    const weights = weightsOf(policed);
    const error = await errorOf(() => policed.trainOnBatch(tf.mul(x, Number.NaN), y));
    expect(error.code).toBe('not-finite');
    expect(weightsOf(policed)).toEqual(weights);
    await policed.trainOnBatch(x, y);
    expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
  });
});
