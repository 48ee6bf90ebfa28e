import { abs, hardTanh, relu, relu6 } from '@police/core';
import { piecesOn, shiftsOf } from '@police/core/adapter';
import {
  makeRegion,
  pick,
  policies,
  randomFrames,
  randomRegions,
  regionKinds,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ForbiddenIntervals, forbiddenIntervals, nearestFreeShift } from '../../src/rule/shift.js';

/** A few intervals (below, above) for one unit; integers, so that many touch, nest and repeat. */
const intervalLists = fc.array(
  fc
    .tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 1, max: 15 }))
    .map(([a, length]) => [a, a + length]),
  { maxLength: 8 },
);

function asIntervals(list: readonly number[][]): ForbiddenIntervals {
  return {
    units: 1,
    count: list.length,
    below: Float64Array.from(list, ([a]) => a),
    above: Float64Array.from(list, ([, z]) => z),
  };
}

/** The end nearest 0 of the merged open interval around 0, found by sorting; ties upward. */
function slowNearest(list: readonly number[][]): number {
  const merged: number[][] = [];
  for (const [a, z] of [...list].sort((p, q) => p[0] - q[0])) {
    const last = merged.at(-1);
    // Open intervals that only touch leave the point between them free.
    if (last && a < last[1]) last[1] = Math.max(last[1], z);
    else merged.push([a, z]);
  }
  const around = merged.find(([a, z]) => a < 0 && z > 0);
  if (!around) return 0;
  return around[1] <= -around[0] ? around[1] : around[0];
}

describe('the nearest free shift', () => {
  test('is what sorting and merging the intervals gives', () => {
    fc.assert(
      fc.property(intervalLists, list => {
        // `+ 0` makes −0 into 0.
        expect(nearestFreeShift(asIntervals(list), 0) + 0).toBe(slowNearest(list) + 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('is free, and no other free shift is smaller', () => {
    fc.assert(
      fc.property(intervalLists, fc.double({ min: -60, max: 60, noNaN: true }), (list, other) => {
        const isFree = (c: number) => list.every(([a, z]) => c <= a || c >= z);
        const nearest = nearestFreeShift(asIntervals(list), 0);
        expect(isFree(nearest)).toBe(true);
        if (isFree(other)) expect(Math.abs(nearest)).toBeLessThanOrEqual(Math.abs(other));
      }),
      { numRuns: 2000 },
    );
  });

  test('widens with the margin', () => {
    const intervals = forbiddenIntervals([{ lo: Float64Array.of(-1), hi: Float64Array.of(3) }], relu(), [
      Float64Array.of(0.25),
    ]);
    expect([intervals.below[0], intervals.above[0]]).toEqual([-3.25, 1.25]);
  });
});

const UNITS = 12;

describe.each(Object.entries(policies))('every shift by policy %s', (_, policy) => {
  test.each([relu(), relu6(), hardTanh()])(
    '$name: keeps every unit on one piece of every region',
    activation => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 1, max: 4 }), (seed, count) => {
          const rng = seededRng(seed);
          const regions = randomRegions(rng, 3, count);
          const frames = randomFrames(regions, UNITS, rng);
          const { shift, sides, active } = shiftsOf(regions, frames, activation, policy);
          regions.forEach((region, r) => {
            const { lo, hi } = region.range(frames[r]);
            const pieces = piecesOn(r, activation, sides, UNITS);
            for (let j = 0; j < UNITS; j++) {
              const c = shift[j];
              let above = 0;
              activation.kinks.forEach((kink, k) => {
                // Compared as the interval's ends are computed, so that no rounding enters.
                const isAbove = c >= kink.hi - lo[j];
                expect(isAbove || c <= kink.lo - hi[j], `unit ${j} of region ${r} straddles ${kink.lo}`).toBe(
                  true,
                );
                expect(sides[(r * activation.kinks.length + k) * UNITS + j]).toBe(isAbove ? 1 : -1);
                if (isAbove) above++;
              });
              expect(pieces[j]).toBe(above);
            }
          });
          for (let j = 0; j < UNITS; j++) expect(active[j] >= 0).toBe(shift[j] !== 0);
        }),
        { numRuns: 100 },
      );
    },
  );

  test('is exactly 0 for a unit that straddles nothing', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...regionKinds), (seed, kind) => {
        const rng = seededRng(seed);
        const region = makeRegion(kind, 3, rng);
        const [frame] = randomFrames([region], UNITS, rng);
        const { lo, hi } = region.range(frame);
        for (let j = 0; j < UNITS; j++) {
          const gap = pick(rng, [1, 1e-3, 1e3]);
          frame.data[j] += rng() < 0.5 ? -hi[j] - gap : gap - lo[j];
        }
        const { shift, active } = shiftsOf([region], [frame], abs(), policy);
        expect(shift).toEqual(new Float64Array(UNITS));
        expect(active).toEqual(new Int32Array(UNITS).fill(-1));
      }),
      { numRuns: 100 },
    );
  });
});

test('policy minimal shifts no unit further than any other free shift', () => {
  fc.assert(
    fc.property(seeds, fc.double({ min: -40, max: 40, noNaN: true }), (seed, other) => {
      const rng = seededRng(seed);
      const regions = randomRegions(rng, 3, 3);
      const frames = randomFrames(regions, UNITS, rng);
      const activation = pick(rng, [relu(), relu6(), hardTanh()]);
      const { shift } = shiftsOf(regions, frames, activation, 'minimal');
      const { count, below, above } = forbiddenIntervals(
        regions.map((region, r) => region.range(frames[r])),
        activation,
      );
      for (let j = 0; j < UNITS; j++) {
        let free = true;
        for (let k = 0; k < count; k++)
          free &&= other <= below[k * UNITS + j] || other >= above[k * UNITS + j];
        if (free) expect(Math.abs(shift[j]), `unit ${j}`).toBeLessThanOrEqual(Math.abs(other));
      }
    }),
    { numRuns: 300 },
  );
});
