import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { AdamW } from '../src/adamw.js';
import '@tensorflow/tfjs-layers';

beforeAll(() => tf.setBackend('cpu'));

/** Decoupled weight decay as its authors write it, for the loss Σ a w² / 2. */
function slowSteps(w: number[], a: number[], rates: readonly number[], decay: number): number[] {
  const m = w.map(() => 0);
  const v = w.map(() => 0);
  let now = w;
  rates.forEach((rate, step) => {
    now = now.map((x, k) => {
      const g = a[k] * x;
      m[k] = 0.9 * m[k] + 0.1 * g;
      v[k] = 0.999 * v[k] + 0.001 * g * g;
      const mHat = m[k] / (1 - 0.9 ** (step + 1));
      const vHat = v[k] / (1 - 0.999 ** (step + 1));
      return x - rate * decay * x - (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
    });
  });
  return now;
}

test('AdamW steps as its definition, with a rate that changes', () => {
  const coordinate = fc.double({ min: 0.1, max: 2, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 4 }),
      fc.array(fc.double({ min: 1e-3, max: 0.1, noNaN: true }), { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
      (pairs, rates, decay) => {
        const [start, a] = [pairs.map(([w]) => w), pairs.map(([, slope]) => slope)];
        const w = tf.variable(tf.tensor1d(start));
        const optimizer = new AdamW(rates[0], decay);
        const slopes = tf.tensor1d(a);
        for (const rate of rates) {
          optimizer.rate = rate;
          optimizer.step(() => tf.mul(0.5, tf.sum(tf.mul(slopes, tf.square(w)))));
        }
        const slow = slowSteps(start, a, rates, decay);
        const worst = Math.max(...Array.from(w.dataSync(), (x, k) => Math.abs(x - slow[k])));
        tf.dispose([w, slopes]);
        optimizer.dispose();
        // tfjs computes 1 − β₂ᵗ in float32, where it keeps four digits of the first steps'.
        expect(worst).toBeLessThan(1e-3 * rates.reduce((sum, rate) => sum + rate, 0));
      },
    ),
    { numRuns: 30 },
  );
});
