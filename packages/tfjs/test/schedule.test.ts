import { box, chordProbe, type Region, scaled } from '@police/core';
import { type ConstrainOptions, constrain, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  float32Bound,
  makeModel,
  seededRng,
  toMatrix,
  toTensor,
  useBackend,
} from './helpers.js';

const region = box([-1, -0.5], [1.5, 1]);
const schedule = { from: 0.25, steps: 4 };

const policedModel = (options: Partial<ConstrainOptions> = {}) =>
  constrain(makeModel([2, 12, 10, 1], 'leakyRelu'), { regions: [region], schedule, ...options });

/** The residual of one training pass on a region, over what rounding explains. */
function bendInTraining(policed: tfl.LayersModel, on: Region): number {
  const { points, residual } = chordProbe(on, 20, seededRng(1));
  const output = tf.tidy(() => policed.apply(toTensor(points), { training: true }) as tf.Tensor);
  return residual(toMatrix(output)) / (2 * float32Bound(toNetwork(policed), points));
}

/** How much more than rounding a model must bend for a probe to be worth anything. */
const PLAINLY = 10;

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test('in training the region grows with the steps; at inference it is whole', () => {
    const policed = policedModel();
    for (let step = 0; step < 6; step++) {
      const share = Math.min(1, schedule.from + ((1 - schedule.from) * step) / schedule.steps);
      expect(bendInTraining(policed, scaled(region, share)), `step ${step}`).toBeLessThan(1);
      expect(bend(policed, toNetwork(policed), [region], step)).toBeLessThan(1);
    }
    expect(bendInTraining(policedModel(), region)).toBeGreaterThan(PLAINLY);
  });

  test('steps that keep shifts count too', () => {
    const policed = policedModel({ refresh: 2 });
    for (let step = 0; step < schedule.steps; step++) bendInTraining(policed, region);
    expect(bendInTraining(policed, region)).toBeLessThan(1);
  });

  test('is refused where it has no meaning', async () => {
    const target = { A: { rows: 1, cols: 2, data: Float64Array.of(1, 2) } };
    for (const options of [
      { mode: 'project' },
      { target },
      { schedule: { from: 2, steps: 3 } },
      { schedule: { from: 0.5, steps: -1 } },
    ] as const)
      expect(await errorOf(() => policedModel(options))).toMatchObject({ code: 'invalid-option' });
  });
});
