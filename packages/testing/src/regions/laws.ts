import { type RegionJSON, regionFromJSON, vPolytope } from '@police/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectClose, seededRng, seeds } from '../helpers.js';
import { COUNT, type Law } from './law.js';
import { MEMBERSHIP_LAWS } from './membership-laws.js';
import { frameValues, largest, type RegionCase, randomFunctionals, valueAt, verticesOf } from './oracles.js';
import { RANGE_LAWS } from './range-laws.js';

/** Laws by name, to be left out where they are not for a kind. */
export const SURVIVES_JSON = 'survives JSON';
export const VOTES_COUNT_VERTICES = 'votes count the vertices';

const LAWS: Readonly<Record<string, Law>> = {
  ...RANGE_LAWS,
  ...MEMBERSHIP_LAWS,

  [SURVIVES_JSON]: (region, rng) => {
    const again = regionFromJSON(JSON.parse(JSON.stringify(region)));
    const h = frameValues(region, randomFunctionals(region, COUNT, rng));
    expect(again.range(h)).toEqual(region.range(h));
    expect(again.toJSON()).toEqual(region.toJSON());
    expect(again.slack).toEqual(region.slack);
  },

  [VOTES_COUNT_VERTICES]: (region, rng) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const h = frameValues(region, functionals);
    const threshold = largest(region) / 8;
    const votes = region.votes(h, threshold);
    const vertices = verticesOf(region);
    if (!listsVertices(region.toJSON())) {
      // Of two opposite vertices one at least lies on the centre's side, so the centre's sign is the majority.
      expect(votes).toEqual(h.data.slice(0, COUNT).map(value => Math.sign(value - threshold)));
      if (vertices.length === 0) return;
      const counted = vPolytope(vertices);
      const shares = counted.votes(frameValues(counted, functionals), threshold);
      shares.forEach((share, j) => {
        if (share !== 0) expect(Math.sign(share), `functional ${j}`).toBe(votes[j]);
      });
      return;
    }
    const shares = functionals.map(
      functional =>
        vertices.reduce((sum, v) => sum + Math.sign(valueAt(functional, v) - threshold), 0) / vertices.length,
    );
    expectClose(votes, shares, 4 * vertices.length * Number.EPSILON, 'votes');
  },
};

/**
 * Registers a test of every law of a kind of region, over random ones and random functionals on them. Ranges may be longer
 * than what extremes attain by `gap`, as a share of the region's size.
 */
export function testRegionLaws(
  { make }: RegionCase,
  numRuns = 25,
  { leftOut = [], gap = 0 }: { readonly leftOut?: readonly string[]; readonly gap?: number } = {},
): void {
  test.each(Object.keys(LAWS).filter(name => !leftOut.includes(name)))('%s', name => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        LAWS[name](make(rng), rng, gap);
      }),
      { numRuns },
    );
  });
}

/** Whether votes are counted over vertices; else the centre decides. */
function listsVertices(json: RegionJSON): boolean {
  if ('region' in json) return listsVertices(json.region);
  return json.kind === 'simplex' || json.kind === 'vPolytope' || json.kind === 'hPolytope';
}
