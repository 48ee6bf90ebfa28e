import { simplex, vPolytope } from '@police/core';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { testRegionLaws } from '@police/testing/regions/laws';
import { frameValues, polygon, regionCases, verticesOf } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe.each(regionCases)('$name', regionCase => {
  testRegionLaws(regionCase);
});

test('the hull of the corners of a box is symmetric, but for one of them no more', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 8 }), (seed, size) => {
      const rng = seededRng(seed);
      const lower = randomArray(rng, size);
      const upper = lower.map(x => x + rng() + 0.1);
      const corners = Array.from({ length: 2 ** size }, (_, c) =>
        Array.from(lower, (x, k) => ((c >> k) & 1 ? upper[k] : x)),
      );
      expect(vPolytope(corners).symmetric).toBe(true);
      expect(vPolytope(corners.slice(1)).symmetric).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test('a region is symmetric when its vertices are', () => {
  for (const corners of [4, 6, 8, 50]) expect(polygon(corners).symmetric, `${corners}-gon`).toBe(true);
  for (const corners of [3, 5, 7, 51]) expect(polygon(corners).symmetric, `${corners}-gon`).toBe(false);
  for (const { name, make } of regionCases.filter(({ name }) => /box|ball|cross|point/i.test(name))) {
    const region = make(seededRng(5));
    expect(region.symmetric, name).toBe(true);
    const vertices = verticesOf(region);
    if (vertices.length > 0) expect(vPolytope(vertices).symmetric, `hull of ${name}`).toBe(true);
  }
  const far = polygon(6).toJSON() as { vertices: number[][] };
  expect(vPolytope(far.vertices.map(([x, y]) => [x + 1e6, y - 1e6])).symmetric).toBe(true);
  expect(
    vPolytope([
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
      [0, 0],
    ]).symmetric,
    'a doubled corner',
  ).toBe(false);
});

test('votes of vertices on the threshold abstain, and ties are exactly 0', () => {
  const firstCoordinate = [{ w: [1, 0], b: 0 }];
  const square = polygon(4);
  expect(Array.from(square.votes(frameValues(square, [{ w: [2, 1], b: 0 }]), 0))).toEqual([0]);
  const triangle = simplex([
    [-1, 0],
    [0, 1],
    [5, 0],
  ]);
  const x = frameValues(triangle, firstCoordinate);
  expect(Array.from(triangle.votes(x, 0))).toEqual([0]);
  expectClose(triangle.votes(x, -1), [2 / 3], Number.EPSILON, 'one on the threshold, two above');
  expectClose(triangle.votes(x, 5), [-2 / 3], Number.EPSILON, 'one on the threshold, two below');
});
