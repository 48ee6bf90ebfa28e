import { box } from '@police/core';
import { constrain } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';
import { expectLaws, makeSetup } from './graph-laws.js';
import { errorOf, makeModel, randomRows, toTensor, useBackend, weightsOf } from './helpers.js';
import { modelCases } from './models.js';
import { tfjsConformance } from './tfjs-conformance.js';

/** The form that webgl and webgpu use, where every value can be read. */
describe('on a cpu taken for a device', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    takeForDevice(true);
  });
  afterAll(() => takeForDevice(false));

  test.each(modelCases.filter(({ what }) => /max|batch norm|Conv2D with strides/i.test(what)))(
    '$what: as core sees it, affine at every step, and frozen',
    modelCase => expectLaws(makeSetup(modelCase, 'per-channel')),
  );

  test('NaN in the first step that projects is an error that keeps the weights', async () => {
    const policed = constrain(makeModel([2, 8, 1], 'prelu'), {
      regions: [box([-1, -1], [1, 1])],
      mode: 'project',
    });
    policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
    const weights = weightsOf(policed);
    const [x, y] = [toTensor(randomRows(8, 2, 1)), toTensor(randomRows(8, 1, 2))];
    const error = await errorOf(() => policed.trainOnBatch(tf.mul(x, Number.NaN), y));
    expect(error.code).toBe('not-finite');
    expect(weightsOf(policed)).toEqual(weights);
  });

  tfjsConformance(['leakyRelu', 'prelu', 'denseRelu', 'hardTanh', 'relu6', 'abs']);
});
