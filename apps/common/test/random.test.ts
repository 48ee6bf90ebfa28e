import { mulberry32 } from '@police/testing/random';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRng, shuffle, uniform } from '../src/random.js';

const first = (rng: () => number, count: number) => Array.from({ length: count }, rng);

test('the numbers that published figures were drawn with', () => {
  expect(first(seededRng(1), 3)).toEqual(PUBLISHED.seededRng);
  expect(first(mulberry32(1), 3)).toEqual(PUBLISHED.mulberry32);
});

const PUBLISHED = {
  seededRng: [0.9999999832216382, 0.8125200422980502, 0.644731441288903],
  mulberry32: [0.6270739405881613, 0.002735721180215478, 0.5274470399599522],
};

test('uniform numbers lie within the reach, and are the same for the same seed', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (seed, reach) => {
      const values = uniform(new Float64Array(50), reach, seededRng(seed));
      for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(reach);
      expect(uniform(new Float64Array(50), reach, seededRng(seed))).toEqual(values);
      expect(uniform(new Float32Array(50), reach, seededRng(seed))).toEqual(Float32Array.from(values));
    }),
  );
});

test('shuffling loses nothing, and every order of three is about as frequent', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
      const shuffled = [...items];
      shuffle(shuffled, seededRng(seed));
      expect(shuffled.sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
    }),
  );
  const rng = seededRng(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const items = ['a', 'b', 'c'];
    shuffle(items, rng);
    counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1);
  }
  // 1000 each, with a standard deviation of √(6000 · 1/6 · 5/6) = 29: six of them.
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * 29);
});
