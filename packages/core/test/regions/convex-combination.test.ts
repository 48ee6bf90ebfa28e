import { matrixFromRows, type Rng } from '@police/core';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distanceToHull } from '../../src/regions/hull/convex-combination.js';

/** Points of all shapes: scattered, repeated, in nearly flat caps over a face. */
function hardPoints(rng: Rng, d: number): number[][] {
  const points = Array.from({ length: d + 1 + Math.floor(rng() * 6) }, () => randomArray(rng, d));
  const between = points[0].map((x, k) => (x + points[1][k]) / 2);
  const cap = between.map(x => x + 10 ** (-12 * rng()) * (2 * rng() - 1));
  return [...points, cap, points[0], points[1].map(x => x * (1 + Number.EPSILON))];
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);

/** The solver stops at 8 (P + d) roundings of numbers about 1; making the target took P more, in each of d + 1 rows. */
const toleranceOf = (points: readonly number[][], d: number) =>
  8 * (2 * points.length + d) * (d + 1) * Number.EPSILON;

test('a convex combination has distance 0, however small its weights', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 5 }), (seed, d) => {
      const rng = seededRng(seed);
      const points = hardPoints(rng, d);
      const weights = points.map(() => (rng() < 0.4 ? 0 : 10 ** (-14 * rng())));
      weights[0] += 1;
      const total = weights.reduce((a, b) => a + b);
      const target = Float64Array.from({ length: d }, (_, k) =>
        points.reduce((sum, point, p) => sum + (weights[p] / total) * point[k], 0),
      );
      expect(distanceToHull(matrixFromRows(points), target)).toBeLessThanOrEqual(toleranceOf(points, d));
    }),
    { numRuns: 1000 },
  );
});

test('a target that a half-space parts from the points by δ has a distance of about δ at least', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 5 }),
      fc.double({ min: -10, max: 0, noNaN: true }),
      (seed, d, digits) => {
        const rng = seededRng(seed);
        const points = hardPoints(rng, d);
        const direction = randomArray(rng, d);
        const length = Math.hypot(...direction);
        const normal = direction.map(x => x / length);
        const delta = 10 ** digits;
        const corner = points.reduce((best, point) =>
          dot(point, normal) > dot(best, normal) ? point : best,
        );
        const target = Float64Array.from(corner, (x, k) => x + delta * normal[k]);
        // Of w with Σ w = s the residual has normal part (1 − s) n·t + s δ and last entry 1 − s: least δ / √(1 + (n·t − δ)²).
        const least = delta / Math.hypot(1, dot(corner, normal));
        const distance = distanceToHull(matrixFromRows(points), target);
        expect(distance).toBeGreaterThanOrEqual(least - toleranceOf(points, d));
      },
    ),
    { numRuns: 1000 },
  );
});
