import { type Activation, type Policy, type Region, type Rng, relu, relu6 } from '@police/core';
import { shiftGradient, shiftsOf } from '@police/core/adapter';
import {
  makeRegion,
  pick,
  policies,
  randomArray,
  randomFrames,
  randomRegions,
  regionKinds,
  seededRng,
} from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';

const UNITS = 12;

describe('the gradient of the shifts equals finite differences in the frame values', () => {
  // Central differences err by STEP² of the third derivative and by rounding over STEP; this step balances them.
  const STEP = Math.cbrt(Number.EPSILON);

  const check = (regions: readonly Region[], activation: Activation, policy: Policy, rng: Rng) => {
    const frames = randomFrames(regions, UNITS, rng);
    const dShift = randomArray(rng, UNITS);
    const shifts = shiftsOf(regions, frames, activation, policy);
    const gradient = shiftGradient(regions, frames, activation, shifts, dShift);
    // The ranges' curvature is about 1 / |h|, and |h| about 6: an allowance of 64 covers units that happen to be small.
    const tolerance = 64 * STEP ** 2 * Math.max(1, ...shifts.shift.map(Math.abs));
    frames.forEach((frame, r) => {
      for (let i = 0; i < frame.data.length; i++) {
        const j = i % UNITS;
        const at = (step: number) => {
          const data = frame.data.slice();
          data[i] += step;
          const moved = frames.map((other, q) => (q === r ? { ...other, data } : other));
          return shiftsOf(regions, moved, activation, policy);
        };
        const up = at(STEP);
        const down = at(-STEP);
        // Where the side or the active end changes within the step there is no derivative.
        if (up.active[j] !== shifts.active[j] || down.active[j] !== shifts.active[j]) continue;
        if (up.shift[j] > 0 !== shifts.shift[j] > 0 || down.shift[j] > 0 !== shifts.shift[j] > 0) continue;
        const slope = (up.shift[j] - down.shift[j]) / (2 * STEP);
        const error = Math.abs(gradient[r].data[i] - dShift[j] * slope);
        expect(error, `region ${r}, frame row ${Math.floor(i / UNITS)}, unit ${j}`).toBeLessThan(tolerance);
      }
    });
  };

  test.each(regionKinds)('on a %s', kind => {
    for (let seed = 0; seed < 10; seed++) {
      const rng = seededRng(seed);
      const region = makeRegion(kind, 3, rng);
      for (const policy of Object.values(policies))
        check([region], pick(rng, [relu(), relu6()]), policy, rng);
    }
  });

  test('a simplex beside a box: the vertex that the range told gives what the extremes give', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rng = seededRng(seed);
      const regions = [makeRegion('simplex', 3, rng), makeRegion('box', 3, rng)];
      const groups = seed % 2 === 0 ? undefined : Int32Array.from({ length: UNITS }, (_, j) => j % 5);
      const frames = randomFrames(regions, UNITS, rng);
      const dShift = randomArray(rng, UNITS);
      const { rows, ...shifts } = shiftsOf(regions, frames, relu6(), 'minimal', undefined, groups);
      const gradient = shiftGradient(regions, frames, relu6(), { ...shifts, rows: rows! }, dShift);
      expect(gradient).toEqual(shiftGradient(regions, frames, relu6(), shifts, dShift));
      expect(gradient.some(({ data }) => data.some(value => value !== 0))).toBe(true);
      rows!.forEach((row, j) => {
        const isOfSimplex = shifts.active[j] >= 0 && shifts.active[j] < relu6().kinks.length;
        expect(row >= 0, `unit ${j}`).toBe(isOfSimplex);
      });
    }
  });

  test('on two regions, with two kinks', () => {
    for (let seed = 0; seed < 30; seed++) {
      const rng = seededRng(seed);
      for (const policy of Object.values(policies)) check(randomRegions(rng, 3, 2), relu6(), policy, rng);
    }
  });
});
