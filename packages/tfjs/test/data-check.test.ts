import { box } from '@police/core';
import { constrain, constraintLog, freeze } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, errorOf, makeModel, randomRows, toTensor, useBackend } from './helpers.js';

const regions = [box([-1, -1], [1, 1])];
const compiled = () => {
  const policed = constrain(makeModel([2, 4, 1], 'relu'), { regions });
  policed.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return policed;
};
const [x, y] = [() => toTensor(randomRows(12, 2, 1)), () => toTensor(randomRows(12, 1, 2))];

beforeAll(() => useBackend(backends[0]));

describe('what is no tensor is refused, and the message says what to write', () => {
  const given: readonly (readonly [string, () => unknown, RegExp, RegExp])[] = [
    [
      'a typed array',
      () => new Float32Array(6),
      /Float32Array of length 6/,
      /tf\.tensor\(values, \[3, 2\]\)/,
    ],
    ['an array of numbers', () => [1, 2, 3, 4], /Array of length 4/, /\[2, 2\]/],
    ['rows', () => [[1, 2]], /Array of length 1/, /\[rows, 2\]/],
    ['no rows', () => tf.zeros([0, 2]), /no rows/, /nothing to compute/],
  ];

  test.each(given)('%s', async (_, make, actual, remedy) => {
    const policed = compiled();
    const data = make();
    const uses: Record<string, () => unknown> = {
      predict: () => policed.predict(data as tf.Tensor),
      predictOnBatch: () => policed.predictOnBatch(data as tf.Tensor),
      evaluate: () => policed.evaluate(data as tf.Tensor, y()),
      fit: () => policed.fit(data as tf.Tensor, y(), { verbose: 0 }),
      trainOnBatch: () => policed.trainOnBatch(data as tf.Tensor, y()),
      freeze: () => freeze(policed, { calibrate: data as tf.Tensor }),
    };
    for (const [name, use] of Object.entries(uses)) {
      const error = await errorOf(use);
      expect(error).toMatchObject({ code: 'shape', where: expect.stringContaining(name) });
      expect(error.actual).toMatch(actual);
      expect(error.remedy).toMatch(remedy);
    }
  });

  test('targets too; lists of tensors are the framework’s', async () => {
    const policed = compiled();
    const error = await errorOf(() => policed.fit(x(), new Float32Array(12) as never, { verbose: 0 }));
    expect(error).toMatchObject({ code: 'shape', where: 'fit y' });
    expect((policed.predict([x()]) as tf.Tensor).shape).toEqual([12, 1]);
  });
});

describe('constraintLog in an array of callbacks', () => {
  const stopping = () => tfl.callbacks.earlyStopping({ monitor: 'loss', patience: 10 });
  const orders: Record<string, (log: tfl.CustomCallback, plain: tfl.CustomCallbackArgs) => unknown[]> = {
    'before earlyStopping': log => [log, stopping()],
    'after earlyStopping': log => [stopping(), log],
    'among plain objects': (log, plain) => [plain, log, stopping()],
    'before a plain object': (log, plain) => [log, plain],
    alone: log => [log],
  };

  test.each(Object.keys(orders))('%s', async order => {
    const policed = compiled();
    let [reports, epochs] = [0, 0];
    const log = constraintLog(policed, () => reports++);
    const plain = {
      onEpochEnd: async () => {
        epochs++;
      },
    };
    const callbacks = orders[order](log, plain) as tfl.CustomCallbackArgs[];
    await policed.fit(x(), y(), { epochs: 3, verbose: 0, callbacks });
    expect(reports).toBe(3);
    expect(epochs).toBe(callbacks.includes(plain) ? 3 : 0);
  });
});

describe('options are core’s', () => {
  test.each([
    ['epsilon', { epsilon: -1 }],
    ['epsilon', { epsilon: Number.NaN }],
    ['epsilon', { epsilon: 'x' }],
    ['options', { sides: 'sticky' }],
    ['options', { name: 'mine' }],
    ['options', { model: 'mine' }],
    ['regions[0]', { regions: [regions[0].toJSON()] }],
    ['schedule.from', { schedule: { from: 2, steps: 1 } }],
  ])('%s', async (where, options) => {
    const model = makeModel([2, 4, 1], 'relu');
    const error = await errorOf(() => constrain(model, { regions, ...options } as never));
    expect(error).toMatchObject({ code: 'invalid-option', where });
  });
});
