import { seededRng, seeds } from '@police/testing/helpers';
import { integer } from '@police/testing/operators/oracles';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scratch, withScratch, zeros } from '../../src/numeric/scratch.js';

test('zeros of their own until they are reclaimed, and the same memory then', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const scratch = new Scratch();
      const lengths = Array.from({ length: 20 }, () => integer(rng, 0, 4));
      const rounds = [1, 2, 3].map(() => {
        const taken = withScratch(scratch, () => lengths.map(zeros));
        expect(taken.map(array => Array.from(array))).toEqual(lengths.map(n => new Array<number>(n).fill(0)));
        expect(new Set(taken).size).toBe(taken.length);
        for (const array of taken) array.fill(rng());
        scratch.reclaim();
        return new Set(taken);
      });
      expect(rounds[1]).toEqual(rounds[0]);
      expect([...rounds[2]].every(array => rounds[0].has(array))).toBe(true);
    }),
  );
});

test('a scratch ends with what runs in it, also by an error', () => {
  const scratch = new Scratch();
  const failing = () =>
    withScratch(scratch, () => {
      zeros(3);
      throw new Error('on the way');
    });
  expect(failing).toThrow('on the way');
  const kept = zeros(3);
  scratch.reclaim();
  expect(withScratch(scratch, () => zeros(3))).not.toBe(kept);
});
