import {
  box,
  mapPenalty as coreMapPenalty,
  enforce,
  matrix,
  matrixFromRows,
  type PrescribedMap,
  policedForward,
  simplex,
} from '@police/core';
import { constrain, mapPenalty, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  errorOf,
  expectFiniteDifferences,
  float32Bound,
  largest,
  makeModel,
  pointsOn,
  trainableOf,
  useBackend,
} from './helpers.js';

const regions = [
  box([-0.5, -0.5], [0.5, 0.5]),
  simplex([
    [1, 1],
    [2, 1],
    [1, 2],
  ]),
];
const A = matrixFromRows([
  [1, -2],
  [0.5, 3],
]);
const cases: readonly (readonly (PrescribedMap | undefined)[])[] = [
  [{ A, b: [0.25, -1] }, undefined],
  [{ A }, { A, b: [1, 2] }],
  [undefined, { A }],
];
const policedModel = () => constrain(makeModel([2, 10, 8, 2], 'leakyRelu'), { regions });

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(cases)('is core’s, of %o and %o', (...wanted) => {
    const policed = policedModel();
    const found = mapPenalty(policed, wanted).dataSync()[0];
    const net = toNetwork(policed);
    const { value, dOutputFrames } = coreMapPenalty(policedForward(net, regions, matrix(1, 2)), wanted);
    const count = dOutputFrames.reduce((sum, { data }) => sum + data.length, 0);
    const off = float32Bound(net, pointsOn(regions, 1));
    // Every frame value may be off, and a direction's is a difference.
    const bound = 2 * Math.sqrt(value * count) * 2 * off + count * (2 * off) ** 2;
    expect(value).toBeGreaterThan(1);
    expect(Math.abs(found - value)).toBeLessThan(bound);
  });

  test('its gradient is finite differences', () => {
    const policed = policedModel();
    // Curvature, and the rounding of the penalty over the step.
    expectFiniteDifferences(() => mapPenalty(policed, cases[1]), trainableOf(policed), 2 ** -9, 0.02);
  });

  test('added to a loss it leads the map to the one wanted', () => {
    const policed = policedModel();
    const wanted = [{ A, b: [0.25, -1] }, undefined];
    const optimizer = tf.train.adam(0.02);
    const first = mapPenalty(policed, wanted).dataSync()[0];
    for (let step = 0; step < 200; step++)
      optimizer.minimize(() => mapPenalty(policed, wanted), false, trainableOf(policed));
    expect(mapPenalty(policed, wanted).dataSync()[0]).toBeLessThan(first / 1000);
    const [map] = enforce(toNetwork(policed), regions).report.maps;
    expect(largest(map.A.data.map((a, i) => a - A.data[i]))).toBeLessThan(0.1);
  });

  test('without regions it is 0', () => {
    const free = constrain(makeModel([2, 4, 2], 'leakyRelu'), { regions: [] });
    expect(mapPenalty(free, []).dataSync()[0]).toBe(0);
  });

  test('maps that do not fit are refused', async () => {
    const policed = policedModel();
    expect(await errorOf(() => mapPenalty(policed, [{ A }]))).toMatchObject({ code: 'shape' });
    const narrow = { A: matrix(1, 2) };
    expect(await errorOf(() => mapPenalty(policed, [narrow, undefined]))).toMatchObject({ code: 'shape' });
    const aimed = constrain(makeModel([2, 4, 2], 'leakyRelu'), { regions: [regions[0]], target: { A } });
    expect(await errorOf(() => mapPenalty(aimed, [{ A }]))).toMatchObject({ code: 'invalid-option' });
  });
});
