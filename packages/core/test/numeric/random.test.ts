import { seededRng } from '@police/core/adapter';
import { seededRng as oracle } from '@police/testing/random';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('a seed’s numbers are xoroshiro128+’s, as another implementation has them', () => {
  fc.assert(
    fc.property(fc.integer(), seed => {
      const [ours, theirs] = [seededRng(seed), oracle(seed)];
      for (let i = 0; i < 50; i++) expect(ours()).toBe(theirs());
    }),
  );
});

test('numbers lie in [0, 1) and spread evenly', () => {
  const rng = seededRng(7);
  const counts = new Uint32Array(16);
  const n = 16_000;
  for (let i = 0; i < n; i++) {
    const value = rng();
    expect(value >= 0 && value < 1).toBe(true);
    counts[Math.floor(value * 16)]++;
  }
  // A count is binomial: its deviation stays below five standard ones.
  const deviation = Math.sqrt((n / 16) * (15 / 16));
  for (const count of counts) expect(Math.abs(count - n / 16)).toBeLessThan(5 * deviation);
});
