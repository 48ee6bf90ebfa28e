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
      case 'upright':
        return [Math.floor(rng() * 2), rng()];
      case 'of mixed scales':
        return [1.7e12 + Math.floor(1e6 * rng()), 1e-9 * rng()];
      default:
        return randomArray(rng, 2);
    }
  });

const AXES = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
  [1, 1],
  [1, -1],
  [0, 0],
];

const kinds = ['grid', 'line', 'nearLine', 'circle', 'upright', 'of mixed scales', 'anywhere'];

describe.each(kinds)('points %s', kind => {
  test('none is farther than the farthest, in exact arithmetic and without an allowance', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const rng = seededRng(seed);
        const points = troublesome(rng, count, kind);
        const hull = planarHull(matrixFromRows(points));
        const across = points.slice(1).map(([x, y], p) => [y - points[p][1], points[p][0] - x]);
        for (const g of [
          ...AXES,
          ...across.slice(0, 8),
          ...Array.from({ length: 8 }, () => randomArray(rng, 2)),
        ]) {
          const best = hull.farthest(g[0], g[1]);
          expect(hull.vertices).toContain(best);
          const value = dot(points[best].map(exact), g.map(exact));
          points.forEach((other, p) => {
            const ahead = compare(dot(other.map(exact), g.map(exact)), value);
            expect(ahead, `point ${p} along [${g}]`).toBeLessThanOrEqual(0);
            if (ahead === 0 && hull.vertices.includes(p)) expect(best).toBeLessThanOrEqual(p);
          });
        }
      }),
      { numRuns: 30 },
    );
  });
});

test('edges as good as parallel: the vertices that rounded angles put in the wrong order', () => {
  const rng = seededRng(2147483639);
  const points = troublesome(rng, 8, 'nearLine');
  const hull = planarHull(matrixFromRows(points));
  for (let i = 0; i < 200; i++) {
    const g = randomArray(rng, 2);
    const value = dot(points[hull.farthest(g[0], g[1])].map(exact), g.map(exact));
    for (const other of points) expect(compare(dot(other.map(exact), g.map(exact)), value)).not.toBe(1);
  }
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
  expect(hull.vertices).toEqual([2, 1, 0, 3]);
});

test('numbers are a hull of two', () => {
  const hull = planarHull(matrixFromRows([[3], [1], [2], [3], [1]]));
  expect([hull.farthest(1, 0), hull.farthest(-2, 0), hull.farthest(0, 0)]).toEqual([0, 1, 0]);
  expect(planarHull(matrixFromRows([[3], [3]])).vertices).toEqual([0]);
});
