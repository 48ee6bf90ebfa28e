import { type Region, type RegionJSON, rowOf } from '@police/core';
import { expect } from 'vitest';
import { add, dot, exact, multiply, subtract, sum } from '../exact/rational.js';
import { exactRegion } from '../exact/region.js';
import { type Functional, frameValues } from './oracles.js';

/**
 * No tolerance but for round bodies: in exact arithmetic, no functional takes a value on the true region beyond its
 * value at the extreme point of the region represented, that of the float64 frame, by more than the slack.
 */
export function expectWithinSlack(region: Region, told: Region, functionals: readonly Functional[]): void {
  const { rows, isMixed } = exactRegion(told.toJSON());
  const h = frameValues(region, functionals);
  const width = region.range(h).hi.map((hi, j) => hi - region.range(h).lo[j]);
  functionals.forEach(({ w }, j) => {
    const weights = w.map(exact);
    const slack = sum(w.map((x, k) => multiply(exact(Math.abs(x)), exact(region.slack[k]))));
    // Where a root is taken the extreme's coordinates round: as often as there are some.
    const rounding = exact(isRound(region.toJSON()) ? (h.rows + 4) * Number.EPSILON * width[j] : 0);
    for (const side of [-1, 1]) {
      const at = region.extremes(h, new Int8Array(functionals.length).fill(side));
      const coordinates = Array.from({ length: h.rows }, (_, i) =>
        exact(at.data[i * functionals.length + j]),
      );
      const extreme = dot(
        coordinates,
        coordinates.map((_, i) => dot(weights, Array.from(rowOf(region.frame, i), exact))),
      );
      const bound = add(extreme, multiply(exact(side), add(slack, rounding)));
      const relative = rows.map(row => subtract(dot(weights, row.coordinates), multiply(row.weight, bound)));
      expect(isMixed(relative), `${region.kind}, functional ${j}, side ${side}`).toBe(false);
    }
  });
}

function isRound(json: RegionJSON): boolean {
  return 'region' in json ? isRound(json.region) : json.kind === 'ball' || json.kind === 'ellipsoid';
}
