import { expect, test } from 'vitest';
import { magnitudesOf } from '../../../src/network/operators/magnitudes.js';

test('magnitudes are absolute values; those of few weights are made once, of many each time anew', () => {
  const LARGE = 2 ** 20 + 1;
  for (const size of [0, 1, 7, LARGE]) {
    const weights = Float64Array.from({ length: size }, (_, i) => (i % 3 === 0 ? -i : i));
    const magnitudes = magnitudesOf(weights);
    const first = magnitudes();
    expect(first.every((w, i) => w === Math.abs(weights[i]))).toBe(true);
    expect(first.length).toBe(size);
    expect(magnitudes() === first).toBe(size < LARGE);
  }
});
