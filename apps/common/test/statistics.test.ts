import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normal, seededRng } from '../src/random.js';
import { differs, medianError, pairedRatios, quartiles } from '../src/statistics.js';

const values = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 40 });

test('quartiles: in order, within the sample, the same in any order, and scale with it', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.5, max: 2, noNaN: true }), (sample, factor) => {
      const { q1, median, q3, n } = quartiles(sample);
      expect(n).toBe(sample.length);
      expect(Math.min(...sample)).toBeLessThanOrEqual(q1);
      expect(q1).toBeLessThanOrEqual(median);
      expect(median).toBeLessThanOrEqual(q3);
      expect(q3).toBeLessThanOrEqual(Math.max(...sample));
      expect(quartiles([...sample].reverse())).toEqual(quartiles(sample));
      // Scaling and interpolating round differently: a few units in the last place.
      const scaled = quartiles(sample.map(x => factor * x)).median;
      expect(Math.abs(scaled - factor * median)).toBeLessThanOrEqual(8 * 2 ** -53 * factor * 1e3);
    }),
  );
});

test('the median has as many values above as below', () => {
  fc.assert(
    fc.property(values, sample => {
      const { median } = quartiles(sample);
      const above = sample.filter(x => x > median).length;
      const below = sample.filter(x => x < median).length;
      expect(above).toBeLessThanOrEqual(sample.length / 2);
      expect(below).toBeLessThanOrEqual(sample.length / 2);
    }),
  );
});

test('quartiles of 1 … 5 and of nothing', () => {
  expect(quartiles([5, 3, 1, 2, 4])).toEqual({ q1: 2, median: 3, q3: 4, n: 5 });
  expect(quartiles([]).median).toBeNaN();
});

test('ratios are round by round', () => {
  expect(pairedRatios([2, 9], [1, 3])).toEqual([2, 3]);
});

const normals = (count: number, random: () => number): number[] =>
  Array.from({ length: count }, () => normal(random));

test('the error of the median is what medians of normal samples scatter by', () => {
  const random = seededRng(1);
  const samples = Array.from({ length: 400 }, () => quartiles(normals(41, random)));
  const scatter = Math.sqrt(samples.reduce((sum, { median }) => sum + median ** 2, 0) / samples.length);
  const stated = samples.reduce((sum, each) => sum + medianError(each), 0) / samples.length;
  // 400 samples tell a standard deviation to 1/√800 = 3.5%, and IQR/1.349 of 41 values is off by some percent: four times that.
  expect(Math.abs(stated / scatter - 1)).toBeLessThan(0.2);
});

test('noise is not flagged, a slow-down by a half is', () => {
  const random = seededRng(2);
  const sample = (mean: number) => quartiles(normals(15, random).map(z => mean * (1 + 0.05 * z)));
  const flagged = (factor: number) =>
    Array.from({ length: 500 }, () => differs(sample(1), sample(factor), 0)).filter(Boolean).length;
  // Quartiles of 15 values are themselves uncertain, so that 4 errors are crossed more often than in 1 of 16,000.
  expect(flagged(1)).toBeLessThanOrEqual(5);
  expect(flagged(1.5)).toBe(500);
});

test('what is below the floor is not flagged, however exact', () => {
  const exact = (median: number) => ({ q1: median, median, q3: median, n: 41 });
  expect(differs(exact(1), exact(1.09), 0.1)).toBe(false);
  expect(differs(exact(1), exact(1.11), 0.1)).toBe(true);
  expect(differs(exact(1), exact(0.89), 0.1)).toBe(true);
});
