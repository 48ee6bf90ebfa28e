import { matrixFromRows } from '@police/core';
import { compare, dot, exact } from '@police/testing/exact/rational';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planarHull } from '../../src/regions/hull/planar-hull.js';

/** Points that make trouble: on a grid, so that many are equal, on a line, or as good as on one. */
const troublesome = (rng: () => number, count: number, kind: string): number[][] =>
  Array.from({ length: count }, (_, p) => {
    switch (kind) {
      case 'grid':
        return [Math.floor(rng() * 4), Math.floor(rng() * 4)];
      case 'line':
        return [p / 7, p / 7];
      case 'nearLine': {
        const t = rng();
        return [t, t * (1 + (rng() - 0.5) * 2 ** -50)];
      }
      case 'circle':
        return [Math.cos((2 * Math.PI * p) / count), Math.sin((2 * Math.PI * p) / count)];
      default:
        return randomArray(rng, 2);
    }
  });

describe.each(['grid', 'line', 'nearLine', 'circle', 'anywhere'])('points %s', kind => {
  test('the farthest is farther than none by more than rounding, in exact arithmetic', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const rng = seededRng(seed);
        const points = troublesome(rng, count, kind);
        const hull = planarHull(matrixFromRows(points));
        const axes = [
          [0, 1],
          [1, 0],
          [0, -1],
          [-1, 0],
          [1, 1],
          [1, -1],
          [0, 0],
        ];
        for (const g of [...axes, ...Array.from({ length: 20 }, () => randomArray(rng, 2))]) {
          const best = points[hull.farthest(g[0], g[1])];
          const size = (Math.abs(g[0]) + Math.abs(g[1])) * Math.max(...points.flat().map(Math.abs));
          // RANGE_TERMS allows for this much besides the sum itself.
          const allowed = exact(4 * 2 ** -53 * size);
          const value = dot(best.map(exact), g.map(exact));
          for (const other of points) {
            const ahead = dot([...other.map(exact), exact(-1)], [...g.map(exact), value]);
            expect(compare(ahead, allowed)).toBeLessThanOrEqual(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('of points equally far the first is taken', () => {
  const corners = [
    [1, 1],
    [1, -1],
    [-1, -1],
    [-1, 1],
    [1, 1],
    [0, 0],
    [0.5, 1],
    [1, 0],
    [0, 1],
    [-1, 0],
  ];
  const hull = planarHull(matrixFromRows(corners));
  expect(hull.farthest(1, 0)).toBe(0);
  expect(hull.farthest(0, -1)).toBe(1);
  expect(hull.farthest(-1, 0)).toBe(2);
  expect(hull.farthest(1, 1)).toBe(0);
});

test('numbers are a hull of two', () => {
  const hull = planarHull(matrixFromRows([[3], [1], [2], [3], [1]]));
  expect([hull.farthest(1, 0), hull.farthest(-2, 0), hull.farthest(0, 0)]).toEqual([0, 1, 0]);
});
