import { bounds, box, enforce, forward, freeze, matrix, PoliceError, rowOf } from '@police/core';
import {
  activationKinds,
  expectClose,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('no point of the region exceeds the bounds, and the points given attain them', () => {
  fc.assert(
    fc.property(seeds, fc.boolean(), (seed, combine) => {
      const rng = seededRng(seed);
      const [region] = randomRegions(rng, 3, 1);
      const net = randomNetwork(rng, [3, 9, 7, 3], pick(rng, activationKinds));
      const { network: frozen } = freeze(enforce(net, [region]).network, [region]);
      const C = combine ? matrix(4, 3, Float64Array.from(randomArray(rng, 12))) : undefined;
      const { lower, upper, error, lowerPoints, upperPoints } = bounds(frozen, region, C);
      const tolerance = 4 * roundingBoundOn(frozen, region); // four entries of C, none above 1
      const combined = (points: { rows: number; cols: number; data: Float64Array }) => {
        const y = forward(frozen, points);
        return Array.from({ length: points.rows }, (_, i) => {
          const row = rowOf(y, i);
          return C
            ? Array.from({ length: C.rows }, (_, j) => rowOf(C, j).reduce((s, c, k) => s + c * row[k], 0))
            : row;
        });
      };
      for (const values of combined(pointsOf(region, 20, rng))) {
        values.forEach((value, j) => {
          expect(value).toBeGreaterThanOrEqual(lower[j] - error[j] - tolerance);
          expect(value).toBeLessThanOrEqual(upper[j] + error[j] + tolerance);
        });
      }
      const atLower = combined(lowerPoints).map((values, j) => values[j]);
      const atUpper = combined(upperPoints).map((values, j) => values[j]);
      expectClose(atLower, lower, tolerance, 'at the lower points');
      expectClose(atUpper, upper, tolerance, 'at the upper points');
      for (let j = 0; j < lower.length; j++) {
        expect(region.contains(rowOf(lowerPoints, j))).toBe(true);
        expect(region.contains(rowOf(upperPoints, j))).toBe(true);
        expect(error[j]).toBeLessThanOrEqual(tolerance * 16);
      }
    }),
    { numRuns: 80 },
  );
});

test('a network that bends on the region has no such bounds', () => {
  const rng = seededRng(7);
  const region = box([-1, -1, -1], [1, 1, 1]);
  const net = randomNetwork(rng, [3, 20, 2], 'relu');
  expect(() => bounds(net, region)).toThrow(PoliceError);
  try {
    bounds(net, region);
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-frozen', where: 'relu_2' });
  }
});
