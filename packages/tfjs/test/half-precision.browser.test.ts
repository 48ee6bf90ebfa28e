import { box, certify } from '@police/core';
import { constrain, freeze, startBackend, toNetwork } from '@police/tfjs/all';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bend, errorOf, makeModel, randomRows, toTensor, trainableOf } from './helpers.js';

/** Of float16. */
const ROUNDOFF = 2 ** -11;

const regions = [box([-1, -1], [1, 1])];
const policedModel = () => constrain(makeModel([2, 16, 16, 2], 'leakyRelu'), { regions });

/** One step on fixed data; throws what the constraint throws. */
function step(policed: ReturnType<typeof policedModel>, optimizer: tf.Optimizer): void {
  const [x, y] = [toTensor(randomRows(64, 2, 1)), toTensor(randomRows(64, 2, 2))];
  optimizer.minimize(
    () => tf.losses.meanSquaredError(y, policed.apply(x) as tf.Tensor) as tf.Scalar,
    false,
    trainableOf(policed),
  );
}

/** As on a phone: the device renders to float16 textures only. */
describe('WebGL of half precision', async () => {
  beforeAll(() => {
    tf.env().set('WEBGL_FORCE_F16_TEXTURES', true);
    tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
  });
  afterAll(() => {
    tf.env().set('WEBGL_FORCE_F16_TEXTURES', false);
    tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', true);
    tf.removeBackend('webgl');
  });

  describe('unasked', () => {
    beforeEach(() => startBackend('webgl'));

    test.each(['shift', 'patch'] as const)(
      'method %s is refused before any step, with both ways out',
      async method => {
        const policed = constrain(makeModel([2, 16, 2], 'leakyRelu'), { regions, method });
        const error = await errorOf(() => policed.apply(toTensor(randomRows(4, 2, 1))));
        expect(error).toMatchObject({ code: 'invalid-option', where: 'the webgl backend' });
        expect(error.message).toContain('float16');
        expect(error.remedy).toContain("startBackend('wasm')");
        expect(error.remedy).toContain('allowHalfPrecision: true');
      },
    );
  });

  describe('allowed', () => {
    beforeEach(() => startBackend('webgl', { allowHalfPrecision: true }));

    test('trains, affine to the rounding of float16 and no better', () => {
      const policed = policedModel();
      const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-3);
      for (let i = 0; i < 5; i++) step(policed, optimizer);
      const [a, b] = [
        [-0.9, 0.8],
        [0.7, -0.6],
      ];
      const middle = a.map((v, k) => (v + b[k]) / 2);
      const rows = tf.tensor2d([a, b, middle, ...Array(125).fill([0, 0])]);
      const y = (policed.predict(rows) as tf.Tensor2D).arraySync();
      const off = Math.max(...y[2].map((v, j) => Math.abs(v - (y[0][j] + y[1][j]) / 2)));
      const size = Math.max(...y.flat().map(Math.abs));
      // Three layers of sums of 16 terms, each rounded by the device.
      expect(off).toBeLessThan(3 * 16 * ROUNDOFF * Math.max(1, size));
      expect(off, 'what float32 would be off by').toBeGreaterThan(1e-6 * size);
    });

    test('what Adam makes of its default epsilon is laid to the precision', async () => {
      const policed = policedModel();
      const optimizer = tf.train.adam(0.01);
      const error = await errorOf(() => {
        for (let i = 0; i < 20; i++) step(policed, optimizer);
        policed.predict(toTensor(randomRows(4, 2, 3)));
      });
      expect(error.code).toBe('not-finite');
      expect(error.message).toContain('computes in float16');
    });

    test('freezes on another backend only, and what it froze is certified as read back', async () => {
      const policed = policedModel();
      step(policed, tf.train.sgd(0.01));
      const error = await errorOf(() => freeze(policed));
      expect(error).toMatchObject({ code: 'invalid-option', where: 'freeze' });
      expect(error.remedy).toContain("startBackend('wasm')");
      await startBackend('cpu');
      const { model } = freeze(policed);
      expect(certify(toNetwork(model), regions)).toMatchObject({ certified: true });
      expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
      // Why it is refused: the first use on the device rounds the weights.
      await startBackend('webgl');
      model.predict(toTensor(randomRows(256, 2, 3)));
      expect(certify(toNetwork(model), regions)).toMatchObject({ certified: false });
    });
  });
});
