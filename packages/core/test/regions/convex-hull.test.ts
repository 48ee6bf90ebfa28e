import { PoliceError } from '@police/core';
import { compare, dot, exact } from '@police/testing/exact/rational';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import { randomFunctionals, verticesOf } from '@police/testing/regions/oracles';
import { expectWithinSlack } from '@police/testing/regions/within-slack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matrixFromRows } from '../../src/numeric/matrix.js';
import { distinctRows } from '../../src/regions/hull/distinct-rows.js';
import { convexHull, vPolytope } from '../../src/regions/index.js';

/** Farthest along some of many directions, in exact arithmetic: all corners of a polygon when directions are normals. */
function exactCorners(points: readonly (readonly number[])[], directions: readonly number[][]): Set<string> {
  const corners = new Set<string>();
  for (const g of directions) {
    const values = points.map(x => dot(x.map(exact), g.map(exact)));
    const most = values.reduce((a, b) => (compare(a, b) < 0 ? b : a));
    const farthest = new Set(points.filter((_, p) => compare(values[p], most) === 0).map(x => x.join()));
    if (farthest.size === 1) corners.add([...farthest][0]);
  }
  return corners;
}

test('rows that differ are found, each where it is first, 0 and −0 being one', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 200 }),
      (seed, size, count) => {
        const rng = seededRng(seed);
        const rows = Array.from({ length: count }, () =>
          Array.from(
            { length: size },
            () => (Math.floor(rng() * 3) - 1) * 2 ** (-40 * Math.floor(rng() * 2)),
          ),
        );
        // As text −0 is 0.
        const texts = rows.map(row => row.join());
        const expected = texts.flatMap((text, p) => (texts.indexOf(text) === p ? [p] : []));
        expect(distinctRows(matrixFromRows(rows))).toEqual(expected);
      },
    ),
  );
});

test('a hundred thousand rows of six distinct points are the hull of those six', () => {
  const rng = seededRng(4);
  for (const size of [2, 3, 5]) {
    const six = Array.from({ length: 6 }, () => randomArray(rng, size));
    const many = Array.from({ length: 100_000 }, (_, i) => six[i % 6]);
    expect(convexHull(many).toJSON()).toEqual(convexHull(six).toJSON());
  }
});

describe.each(['anywhere', 'grid', 'circle'])('in the plane, points %s', kind => {
  test('keeps the corners that exact arithmetic finds, and no others', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const rng = seededRng(seed);
        const points = Array.from({ length: count }, (_, p) => {
          if (kind === 'grid') return [Math.floor(4 * rng()), Math.floor(4 * rng())];
          if (kind === 'circle') return [Math.cos(p), Math.sin(p)];
          return randomArray(rng, 2);
        });
        const kept = verticesOf(convexHull(points)).map(x => x.join());
        const directions = Array.from({ length: 60 }, () => randomArray(rng, 2));
        for (const corner of exactCorners(points, directions)) expect(kept).toContain(corner);
        expect(new Set(kept).size).toBe(kept.length);
        // Each is the only farthest along some direction: the normal that halves those of its sides.
        for (const x of verticesOf(convexHull(points))) {
          const others = verticesOf(convexHull(points)).filter(y => y !== x && y.join() !== x.join());
          if (others.length > 0) expect(vPolytope(others).contains(x)).toBe(false);
        }
      }),
      { numRuns: 15 },
    );
  });
});

test('the middle of a side that is parallel to the longest diagonal is no corner', () => {
  const corners = [
    [0, 0],
    [0, 1],
    [2, 0],
    [3, 1],
    [3, 3],
  ];
  const kept = verticesOf(convexHull([[1, 0], ...corners])).map(x => x.join());
  expect(kept.sort()).toEqual(corners.map(x => x.join()).sort());
});

test('points of a line or a plane but for rounding: few are kept, and the slack covers the rest', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2), fc.constantFrom<number>(0, 1e3), (seed, dimension, away) => {
      const rng = seededRng(seed);
      const axes = Array.from({ length: dimension }, () => randomArray(rng, 2));
      const data = Array.from({ length: 60 }, () => {
        const t = randomArray(rng, dimension);
        return [0, 1].map(k => axes.reduce((sum, axis, i) => sum + t[i] * axis[k], away));
      });
      const region = convexHull(data);
      expect(region.body.terms).toBeLessThanOrEqual(dimension === 1 ? 2 : 30);
      const largest = away + 2;
      expect(Math.max(...region.slack)).toBeLessThan(2 ** 10 * Number.EPSILON * largest);
      expectWithinSlack(region, vPolytope(data), randomFunctionals(region, 4, rng));
    }),
    { numRuns: 30 },
  );
});

test('in ten dimensions, what is kept spans what is not', () => {
  const rng = seededRng(9);
  const corners = Array.from({ length: 30 }, () => randomArray(rng, 10));
  const inside = corners.map((x, p) => x.map((value, k) => 0.7 * value + 0.3 * corners[(p + 1) % 30][k]));
  const region = convexHull([...inside, ...corners, ...inside]);
  expect(verticesOf(region).every(x => corners.some(corner => corner.join() === x.join()))).toBe(true);
  for (const x of [...inside, ...corners]) expect(region.contains(x)).toBe(true);
});

test('progress tells the size of the task first and ends with all decided', () => {
  const rng = seededRng(2);
  for (const size of [2, 3]) {
    const data = Array.from({ length: 600 }, () => randomArray(rng, size));
    const reports: { decided: number; points: number; dimensions: number; vertices: number }[] = [];
    const region = convexHull([...data, ...data], { onProgress: report => reports.push(report) });
    expect(reports[0]).toEqual({ decided: 0, points: 600, dimensions: size, vertices: 0 });
    expect(reports.at(-1)).toMatchObject({ decided: 600, points: 600 });
    expect(reports.at(-1)!.vertices).toBeGreaterThanOrEqual(region.body.terms);
    expect(reports.map(({ decided }) => decided)).toEqual(
      [...reports.map(({ decided }) => decided)].sort((a, b) => a - b),
    );
  }
});

test('what is no array of points is refused before it is looked at for duplicates', () => {
  expect(() =>
    convexHull([
      [0, 1],
      [Number.NaN, 0],
    ]),
  ).toThrow(PoliceError);
});
