import { forward, gapOf, matrixFromRows, type Region, rowOf } from '@police/core';
import { exactForward } from '@police/testing/exact/forward';
import { exactPointOf } from '@police/testing/exact/points';
import { compare, zero } from '@police/testing/exact/rational';
import { float32Forward, type SummationOrder } from '@police/testing/float32-forward';
import { farRegion } from '@police/testing/hard-cases';
import { pick, pointsOf, regionKinds, runs, seededRng, seeds } from '@police/testing/helpers';
import { moreRegionCases } from '@police/testing/regions/cases';
import { type RegionCase, regionCases } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const cases: readonly RegionCase[] = [
  ...regionCases,
  ...moreRegionCases,
  { name: 'far away', make: rng => farRegion(pick(rng, regionKinds), rng) },
];

/** Radius along each coordinate. */
function radii(region: Region): number[] {
  const { lo, hi } = region.range(region.frame);
  return Array.from(lo, (low, k) => (hi[k] - low) / 2);
}

describe.each(cases)('the gap of a $name', ({ make }) => {
  test('is 0 on the region: in float64, in float32 in any order of summation, and in exact arithmetic', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = make(rng);
        const { network } = gapOf(region);
        const points = pointsOf(region, 12, rng);
        expect(forward(network, points).data.every(d => d === 0)).toBe(true);
        for (const order of ['forwards', 'backwards', 'pairwise'] satisfies SummationOrder[])
          expect(float32Forward(network, points, order).data.every(d => d === 0)).toBe(true);
        const [exact] = exactForward(network, exactPointOf(region.toJSON(), rng));
        expect(compare(exact, zero)).toBe(0);
      }),
      { numRuns: runs(6) },
    );
  });

  test('is above 0 outside its body and convex: a midpoint’s is at most the mean', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = make(rng);
        const { network, body } = gapOf(region);
        const inside = pointsOf(region, 20, rng);
        const widths = radii(region);
        const unit = Math.max(...widths) || 1;
        // Around the region, some nearby.
        const points = Array.from({ length: inside.rows }, (_, i) =>
          rowOf(inside, i).map((x, k) => x + rng() * (2 * rng() - 1) * 2 * (widths[k] || unit)),
        );
        const gaps = forward(network, matrixFromRows(points)).data;
        const allowed = Math.max(...widths.map(w => w || unit)) * body.tolerance * 4 * region.size;
        points.forEach((x, i) => {
          if (body.kind === 'region' && !region.contains(x, allowed)) expect(gaps[i]).toBeGreaterThan(0);
          if (gaps[i] > 0) expect(region.contains(x, 0)).toBe(false);
        });
        const middles = points.slice(1).map((x, i) => x.map((value, k) => (value + points[i][k]) / 2));
        const between = forward(network, matrixFromRows(middles)).data;
        between.forEach((d, i) => {
          const mean = (gaps[i] + gaps[i + 1]) / 2;
          expect(d).toBeLessThanOrEqual(mean + 1e-9 * (1 + mean));
        });
        // Ten radii away is outside any body.
        const far = points.map((_, i) =>
          rowOf(inside, i).map((x, k) => x + 40 * region.size * (1 + body.tolerance) * (widths[k] || unit)),
        );
        expect(forward(network, matrixFromRows(far)).data.every(d => d > 1)).toBe(true);
      }),
      { numRuns: runs(6) },
    );
  });
});
