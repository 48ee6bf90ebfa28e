import { box } from '@police/core';
import { constrain } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';
import { adamStep, makeModel, randomRows, toTensor, useBackend } from './helpers.js';

beforeAll(async () => {
  await useBackend('cpu');
  takeForDevice(true);
});
afterAll(() => takeForDevice(false));

/** Kernels of a step of Adam, by TensorFlow.js' own count: also those, like a reshape, that launch nothing. */
async function kernelsOf(model: tfl.LayersModel): Promise<number> {
  const [x, y] = [toTensor(randomRows(32, 2, 1)), toTensor(randomRows(32, 1, 2))];
  const step = adamStep(model, x, y);
  step();
  const { kernels } = await tf.profile(() => {
    step();
    return [];
  });
  return kernels.length;
}

test.each(['relu', 'denseRelu', 'leakyRelu'] as const)(
  '4 × 64 on a box, %s: at most twice the kernels of the model alone',
  async kind => {
    const model = () => makeModel([2, 64, 64, 64, 64, 1], kind);
    const alone = await kernelsOf(model());
    const constrained = await kernelsOf(constrain(model(), { regions: [box([-1, -1], [1, 1])] }));
    expect(alone).toBeGreaterThan(100);
    expect(constrained / alone).toBeLessThanOrEqual(2);
  },
);
