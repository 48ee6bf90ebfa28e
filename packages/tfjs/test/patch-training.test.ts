import { boxAround, forward, gapOf } from '@police/core';
import { constrain, type PatchedModel } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { GapOnDevice } from '../src/patch/gap-on-device.js';
import {
  backends,
  errorOf,
  FLOAT32_ROUNDOFF,
  largest,
  largestDifference,
  predict,
  randomRows,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';

/** So many inputs that a box's gap is elementwise operators, and one loop where values are read at once. */
const SIZE = 70;
const wideBox = () =>
  boxAround(
    randomRows(1, SIZE, 1, 0.5).data,
    randomRows(1, SIZE, 2).data.map(r => 0.3 + Math.abs(r)),
  );

/** Sums of so many terms, each of which float32 has rounded a few times. */
const ROUNDING = 8 * (SIZE + 4) * FLOAT32_ROUNDOFF;

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test('the gap of a wide box is core’s, whatever the number of rows, and 0 to the bit on the box', () => {
    const region = wideBox();
    const gap = gapOf(region);
    const device = new GapOnDevice(gap);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(999),
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        (rows, seed, scale) => {
          const x = randomRows(rows, SIZE, seed, scale);
          x.data.set(x.data.map(Math.fround));
          region.frame.data.slice(0, SIZE).forEach((centre, k) => {
            x.data[k] = Math.fround(centre); // the first row is inside
          });
          const found = tf.tidy(() => device.of(toTensor(x)).dataSync());
          const exact = forward(gap.network, x).data;
          expect(found[0]).toBe(0);
          expect(largestDifference(Float64Array.from(found), exact)).toBeLessThanOrEqual(
            ROUNDING * (largest(exact) + SIZE),
          );
        },
      ),
      { numRuns: 30 },
    );
    device.dispose();
  });

  test('on a wide box rows that are far enough are left to the bit, and held ones are held where the whole gap says', () => {
    const region = wideBox();
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 8, activation: 'tanh', inputShape: [SIZE] }),
        tfl.layers.dense({ units: 3 }),
      ],
    });
    const steepness = 0.02; // so little that some outputs are held
    const patched = constrain(model, { regions: [region], method: 'patch', steepness });
    const [map] = patched.maps;
    const x = randomRows(403, SIZE, 8, 1);
    x.data.forEach((value, i) => {
      x.data[i] = Math.fround(value * (0.2 + (i % 7) / 3));
    });
    const [y, f] = [patched, model].map(each => predict(each, x).data);
    const gaps = forward(gapOf(region).network, x).data;
    const counts = { free: 0, held: 0 };
    y.forEach((value, i) => {
      const row = Math.floor(i / 3);
      const a = map.A.data
        .subarray((i % 3) * SIZE, ((i % 3) + 1) * SIZE)
        .reduce((sum, weight, k) => sum + weight * x.data[row * SIZE + k], map.b[i % 3]);
      const radius = steepness * gaps[row];
      const slack = ROUNDING * (1 + Math.abs(a) + radius);
      if (Math.abs(f[i] - a) < radius - slack) {
        expect(value).toBe(f[i]);
        counts.free++;
      } else {
        expect(Math.abs(value - Math.max(Math.min(f[i], a + radius), a - radius))).toBeLessThan(slack);
        if (Math.abs(f[i] - a) > radius + slack) counts.held++;
      }
    });
    expect(Math.min(counts.free, counts.held)).toBeGreaterThan(20);
  });

  test('a model around which a patch trains has the gradients that it has alone', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 9, activation: 'tanh', inputShape: [3] }),
        tfl.layers.batchNormalization({}),
        tfl.layers.dense({ units: 7 }),
        tfl.layers.leakyReLU({ alpha: 0.1 }),
        tfl.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const patched = constrain(model, { regions: [], method: 'patch' });
    const x = toTensor(randomRows(20, 3, 3, 2));
    const y = toTensor(randomRows(20, 3, 4));
    const variables = trainableOf(patched);
    const statistics = () => weightsOf(model).map(values => Array.from(values));
    const before = model.getWeights().map(weight => tf.clone(weight));
    const [alone, around] = [model, patched].map(each => {
      model.setWeights(before);
      const { value, grads } = tf.variableGrads(
        () => tf.losses.meanSquaredError(y, each.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
        variables,
      );
      const values = variables.map(({ name }) => Float64Array.from(grads[name].dataSync()));
      return { loss: value.dataSync()[0], values, after: statistics() };
    });
    expect(Math.abs(alone.loss - around.loss)).toBeLessThan(ROUNDING * alone.loss);
    const scale = largest(alone.values.flatMap(values => Array.from(values)));
    alone.values.forEach((values, v) => {
      expect(largestDifference(around.values[v], values), variables[v].name).toBeLessThan(ROUNDING * scale);
    });
    alone.after.forEach((values, w) => {
      expect(largestDifference(around.after[w], values)).toBeLessThan(ROUNDING * (1 + largest(values)));
    });
    expect(around.after).not.toEqual(before.map(weight => Array.from(weight.dataSync())));
  });

  test('a NaN or an infinity anywhere in wide data is noticed before it is trained on', async () => {
    if (backend === 'webgl') return; // to look would be to wait
    const model = tfl.sequential({
      layers: [tfl.layers.batchNormalization({ inputShape: [SIZE] }), tfl.layers.dense({ units: 1 })],
    });
    const patched: PatchedModel = constrain(model, { regions: [wideBox()], method: 'patch' });
    patched.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const before = weightsOf(patched);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const x = randomRows(5, SIZE, 5);
      x.data[4 * SIZE + 17] = bad;
      const action = () => patched.trainOnBatch(toTensor(x), tf.zeros([5, 1]));
      expect(await errorOf(action)).toMatchObject({ code: 'not-finite' });
      expect(weightsOf(patched)).toEqual(before);
    }
  });
});
