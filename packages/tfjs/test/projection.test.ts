import { box } from '@police/core';
import { accumulateGradients, constrain, policedLayerOf, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  innerOf,
  makeModel,
  randomRows,
  reloaded,
  toTensor,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 12, 8, 1];
const regions = [box([-1, -1], [1, 1])];
const x = () => toTensor(randomRows(24, 2, 1, 2));
const y = () => toTensor(randomRows(24, 1, 2));

/** A model, and the same one constrained in mode `project`: they share their weights. */
function both() {
  const base = makeModel(WIDTHS, 'leakyRelu');
  const policed = constrain(base, { regions, mode: 'project' });
  policed.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
  return { base, policed };
}

/** Of the user's own model, which nobody has called since. */
const bendOf = (base: tfl.LayersModel) => bend(base, toNetwork(base), regions, 1);
const fitArgs = { batchSize: 8, shuffle: false, verbose: 0 } as const;

describe.each(backends)('the model that was constrained, in mode project, on %s', backend => {
  beforeAll(() => useBackend(backend));

  test('is affine after every step of fit, as its callbacks see it, and after it', async () => {
    const { base, policed } = both();
    const bends: number[] = [];
    const callbacks = { onBatchEnd: async () => void bends.push(bendOf(base)) };
    await policed.fit(x(), y(), { ...fitArgs, epochs: 3, callbacks });
    expect(bends.length).toBe(9);
    for (const each of [...bends, bendOf(base)]) expect(each).toBeLessThan(1);
  });

  test('is affine after trainOnBatch and fitDataset', async () => {
    const { base, policed } = both();
    await policed.trainOnBatch(x(), y());
    expect(bendOf(base)).toBeLessThan(1);
    const dataset = {
      size: 2,
      iterator: async () => {
        const list = [1, 2].map(() => ({ xs: x(), ys: y() })).values();
        return { next: async () => list.next() };
      },
    } as unknown as Parameters<typeof policed.fitDataset>[0];
    await policed.fitDataset(dataset, { epochs: 1, verbose: 0 });
    expect(bendOf(base)).toBeLessThan(1);
  });

  test('is affine after an early stop and after an exception', async () => {
    const { base, policed } = both();
    const stop = {
      onBatchEnd: async () => {
        policed.stopTraining = true;
      },
    };
    await policed.fit(x(), y(), { ...fitArgs, epochs: 5, callbacks: stop });
    expect(bendOf(base)).toBeLessThan(1);
    const thrown = new Error('from a callback');
    const throwing = {
      onBatchEnd: async (batch: number) => {
        if (batch === 1) throw thrown;
      },
    };
    await expect(policed.fit(x(), y(), { ...fitArgs, callbacks: throwing })).rejects.toBe(thrown);
    expect(bendOf(base)).toBeLessThan(1);
    const spoilt = y().dataSync().slice();
    spoilt[20] = Number.NaN;
    const before = weightsOf(base);
    await errorOf(() => policed.fit(x(), tf.tensor2d(spoilt as Float32Array, [24, 1]), fitArgs));
    expect(weightsOf(base)).not.toEqual(before);
    expect(bendOf(base)).toBeLessThan(1);
  });

  test('is affine once a loop of one’s own has asked for it', () => {
    const { base, policed } = both();
    const loss = (labels: tf.Tensor, outputs: tf.Tensor) =>
      tf.losses.meanSquaredError(labels, outputs) as tf.Scalar;
    tf.train.sgd(0.5).applyGradients(accumulateGradients(policed, [[x(), y()]], loss).grads);
    expect(bendOf(base)).toBeGreaterThan(1);
    policedLayerOf(policed).project();
    expect(bendOf(base)).toBeLessThan(1);
  });

  test('inside a loaded one is affine after every step as well', async () => {
    const loaded = await reloaded(both().policed);
    loaded.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
    await loaded.fit(x(), y(), { ...fitArgs, epochs: 2 });
    expect(bendOf(innerOf(loaded))).toBeLessThan(1);
  });
});
