import { type AffineMap, boxAround, type Demand, demands, matrix } from '@police/core';
import { DemandHolder } from '@police/core/adapter';
import { constrain } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeModel, predict, randomRows, seededRng, toTensor, useBackend } from './helpers.js';

/**
 * Data on the region alone: what the model is there is an affine map, so the least loss of any model that meets the demand is that of the best
 * such map, a convex problem.
 */
const region = boxAround([0.3, -0.2], [0.8, 0.6]);
const P = [
  [1, 0.2],
  [0.2, 0.6],
];
const at = [0.1, 0];

const kinds: Readonly<Record<string, Demand>> = {
  monotone: demands.monotone([
    [1, 1],
    [-1, -1],
  ]),
  'spectral norm': demands.lipschitz(0.5),
  'sum of columns': demands.lipschitz(0.5, 1),
  'rows’ norms': demands.rowLipschitz([0.3, 0.3], 'infinity'),
  'row sums': demands.rowSums([1, -0.5]),
  'column sums': demands.columnSums([1, 1]),
  symmetric: demands.symmetric(),
  antisymmetric: demands.antisymmetric(),
  dissipative: demands.dissipative(0.5),
  stable: demands.stable(0.6, { at, P }),
  hurwitz: demands.hurwitz(0.2, { at, P }),
  safe: demands.safe(
    [
      [1, 1],
      [-1, 0.5],
    ],
    [0.3, 0.5],
  ),
  through: demands.through([{ x: at, y: [0.5, -1] }]),
  exact: demands.exact({
    A: [
      [0, null],
      [null, 1],
    ],
    b: [null, 0.5],
  }),
  several: demands.all(demands.symmetric(), demands.rowSums([0.5, 0.5]), demands.lipschitz(0.8)),
};

const rng = seededRng(9);
const points = {
  rows: 64,
  cols: 2,
  data: Float64Array.from(Array.from({ length: 64 }, () => Array.from(region.sample(rng))).flat()),
};
const noise = randomRows(64, 2, 4, 0.3);
const values = {
  ...noise,
  data: noise.data.map((e, i) => {
    const [x, y] = points.data.subarray(i - (i % 2), i - (i % 2) + 2);
    return e + (i % 2 === 0 ? 1.2 * x - 0.9 * y + 0.4 : -0.7 * x + 0.8 * y - 0.3);
  }),
};

function lossOf({ A, b }: AffineMap): { loss: number; gradient: AffineMap } {
  let loss = 0;
  const gradient = { A: matrix(2, 2), b: new Float64Array(2) };
  for (let i = 0; i < 64; i++) {
    for (let j = 0; j < 2; j++) {
      const x = points.data.subarray(2 * i, 2 * i + 2);
      const miss = A.data[2 * j] * x[0] + A.data[2 * j + 1] * x[1] + b[j] - values.data[2 * i + j];
      loss += miss ** 2 / 128;
      gradient.b[j] += miss / 64;
      for (let k = 0; k < 2; k++) gradient.A.data[2 * j + k] += (miss * x[k]) / 64;
    }
  }
  return { loss, gradient };
}

/** Projected gradient descent in the holder's own coordinates, of which the steps are short enough for every curvature of the loss. */
function leastLoss(demand: Demand): number {
  const holder = new DemandHolder(demand, region, 2);
  const { centre, radius } = holder.space;
  let { map } = holder.hold({ A: matrix(2, 2), b: new Float64Array(2) });
  for (let step = 0; step < 250; step++) {
    const { gradient } = lossOf(map);
    // With respect to A at a fixed value at the centre, and to that value over the radius.
    const dA = gradient.A.data.map((g, i) => g - gradient.b[Math.floor(i / 2)] * centre[i % 2]);
    const dValue = gradient.b.map(g => g * radius);
    const A = { ...map.A, data: map.A.data.map((a, i) => a - dA[i]) };
    const value = map.b.map(
      (b, j) => b + map.A.data[2 * j] * centre[0] + map.A.data[2 * j + 1] * centre[1] - radius * dValue[j],
    );
    map = holder.hold({
      A,
      b: value.map((v, j) => v - A.data[2 * j] * centre[0] - A.data[2 * j + 1] * centre[1]),
    }).map;
  }
  return lossOf(map).loss;
}

beforeAll(() => useBackend('cpu'));

describe.each(Object.entries(kinds))('trained under %s', (_, demand) => {
  test.each(['patch', 'shift'] as const)(
    'the loss is within a tenth of the least there is, by %s',
    async method => {
      const least = leastLoss(demand);
      const model = constrain(makeModel([2, 12, 2], 'leakyRelu'), {
        regions: [region],
        method,
        target: demand,
      });
      const optimizer = tf.train.adam(0.03);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const [x, y] = [toTensor(points), toTensor(values)];
      for (let step = 0; step < 250; step++) {
        (optimizer as unknown as { learningRate: number }).learningRate = 0.03 * (1 - step / 250);
        await model.trainOnBatch(x, y);
      }
      const loss = predict(model, points).data.reduce(
        (sum, v, i) => sum + (v - values.data[i]) ** 2 / 128,
        0,
      );
      expect(loss).toBeLessThanOrEqual(1.1 * least);
      // Nothing that meets the demand does better, but for what float32 and the descent leave.
      expect(loss).toBeGreaterThanOrEqual(0.99 * least);
    },
  );
});
