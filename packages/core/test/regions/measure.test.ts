import {
  ball,
  box,
  boxAround,
  convexHull,
  crossPolytope,
  ellipsoid,
  hPolytope,
  imageUnder,
  inSubspace,
  matrixFromRows,
  type Region,
  simplex,
  vPolytope,
  zonotope,
} from '@police/core';
import { measure } from '@police/core/adapter';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { determinant } from '../../src/regions/measure/determinant.js';

/** Volumes are products and sums of some thousands of numbers of size 1 to 10. */
const DIGITS = 9;

const volume = (region: Region) => Math.exp(measure(region).logVolume ?? Number.NaN);
const dimensions = fc.integer({ min: 1, max: 4 });
const corners = (d: number) =>
  Array.from({ length: 2 ** d }, (_, i) => Array.from({ length: d }, (_, k) => (i >> k) & 1));

describe('known bodies', () => {
  test.each([
    ['box', box([0, 0, 0], [1, 2, 3]), 3, 6, 6, 8],
    ['flat box', box([0, 1, 0], [1, 1, 3]), 2, 3, 4, 4],
    ['point', box([1, 2], [1, 2]), 0, 1, 0, 1],
    ['segment', ball([3], 2), 1, 4, 2, 2],
    ['disc', ball([0, 0], 2), 2, 4 * Math.PI, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['ball', ball([0, 0, 0], 2), 3, (32 * Math.PI) / 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['octahedron', crossPolytope([0, 0, 0], 1), 3, 4 / 3, 8, 6],
    [
      'triangle in space',
      simplex([
        [0, 0, 1],
        [1, 0, 1],
        [0, 1, 1],
      ]),
      2,
      0.5,
      3,
      3,
    ],
    ['cube by corners', vPolytope(corners(3)), 3, 1, 6, 8],
    [
      'tesseract by corners and more',
      vPolytope([...corners(4), [0.5, 0.5, 0.5, 1], [0.5, 0.5, 0.5, 0.5]]),
      4,
      1,
      8,
      16,
    ],
    [
      'octahedron by inequalities',
      hPolytope(
        corners(3).map(s => s.map(x => 2 * x - 1)),
        Array(8).fill(1),
      ),
      3,
      4 / 3,
      8,
      6,
    ],
    [
      'pentagon',
      convexHull([
        [0, 0],
        [2, 0],
        [2, 1],
        [1, 2],
        [0, 1],
        [1, 1],
      ]),
      2,
      3,
      5,
      5,
    ],
  ])('%s', (_name, region, dimension, size, facets, vertices) => {
    expect(measure(region)).toMatchObject({ dimension, facets, vertices });
    expect(volume(region)).toBeCloseTo(size, DIGITS);
  });

  test('a zonotope of three generators in the plane is a hexagon', () => {
    const generators = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    // 4 (|det(1, 2)| + |det(1, 3)| + |det(2, 3)|).
    expect(volume(zonotope([5, 5], generators))).toBeCloseTo(12, DIGITS);
    const hexagon = [-1, 1].flatMap(a => [-1, 1].flatMap(b => [-1, 1].map(c => [a + c, b + c])));
    expect(volume(vPolytope(hexagon))).toBeCloseTo(12, DIGITS);
  });
});

describe('laws', () => {
  test('a linear map multiplies volumes by |det|, and a map to more dimensions by √det(MᵀM)', () => {
    fc.assert(
      fc.property(seeds, dimensions, (seed, d) => {
        const rng = seededRng(seed);
        const map = Array.from({ length: d }, () => randomArray(rng, d));
        const factor = Math.abs(determinant(matrixFromRows(map)));
        fc.pre(factor > 1e-3);
        const points = Array.from({ length: d + 4 }, () => randomArray(rng, d));
        for (const region of [
          ball(randomArray(rng, d), 1),
          boxAround(randomArray(rng, d), 0.7),
          crossPolytope(randomArray(rng, d), 1.5),
          convexHull(points),
        ]) {
          const mapped = measure(imageUnder(region, map));
          const before = measure(region);
          expect(Math.exp(mapped.logVolume! - before.logVolume!) / factor).toBeCloseTo(1, 7);
          expect(mapped.facets).toBe(before.facets);
          // Along the diagonal of two copies lengths grow by √2.
          const basis = Array.from({ length: d }, (_, i) =>
            Array.from({ length: 2 * d }, (_, k) => Number(k % d === i)),
          );
          const lifted = measure(inSubspace(region, new Float64Array(2 * d), basis));
          expect(lifted.dimension).toBe(d);
          expect(lifted.logVolume! - before.logVolume!).toBeCloseTo((d / 2) * Math.LN2, 7);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('cut in two, a hull’s parts have its volume together', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 4 }), (seed, d) => {
        const rng = seededRng(seed);
        const points = Array.from({ length: d + 5 }, () => randomArray(rng, d));
        const whole = volume(convexHull(points));
        const level = (rng() - 0.5) / 2;
        const side = (sign: number) => points.filter(p => sign * (p[0] - level) >= 0);
        const crossings = side(1).flatMap(p =>
          side(-1).map(q => {
            const t = (level - q[0]) / (p[0] - q[0]);
            return p.map((x, k) => (k === 0 ? level : t * x + (1 - t) * q[k]));
          }),
        );
        fc.pre(crossings.length > 0);
        const parts = [1, -1].map(sign => {
          const hull = convexHull([...side(sign), ...crossings]);
          return measure(hull).dimension === d ? volume(hull) : 0;
        });
        expect((parts[0] + parts[1]) / whole).toBeCloseTo(1, 6);
      }),
      { numRuns: 25 },
    );
  });

  test('turned, a cube by its corners has six facets still', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const map = Array.from({ length: 5 }, () => randomArray(rng, 3));
        const turned = measure(imageUnder(vPolytope(corners(3)), map));
        expect(turned).toMatchObject({ dimension: 3, facets: 6, vertices: 8 });
        const expected = measure(imageUnder(box([0, 0, 0], [1, 1, 1]), map));
        expect(turned.logVolume).toBeCloseTo(expected.logVolume!, 7);
      }),
      { numRuns: 25 },
    );
  });

  test('dependent axes and generators are measured in what they span', () => {
    // The image of a ball under a map to fewer dimensions is the ball of the map's singular values.
    expect(
      volume(
        ellipsoid(
          [0, 0],
          [
            [3, 0],
            [0, 2],
            [0, 0],
            [4, 0],
          ],
        ),
      ),
    ).toBeCloseTo(Math.PI * 5 * 2, DIGITS);
    expect(
      measure(
        zonotope(
          [0, 0, 0],
          [
            [1, 1, 0],
            [2, 2, 0],
          ],
        ),
      ),
    ).toMatchObject({ dimension: 1, facets: 2 });
    expect(
      volume(
        zonotope(
          [0, 0, 0],
          [
            [1, 1, 0],
            [2, 2, 0],
          ],
        ),
      ),
    ).toBeCloseTo(6 * Math.SQRT2, DIGITS);
    const flat = imageUnder(crossPolytope([0, 0, 0], 1), [
      [1, 0, 1],
      [0, 1, 0],
    ]);
    expect(measure(flat)).toMatchObject({ dimension: 2, facets: 4, vertices: 4 });
    expect(volume(flat)).toBeCloseTo(2, DIGITS);
  });
});

test('a hull of pictures and a disc among as many pixels cost no more than their rows', () => {
  const size = 150_528;
  const rng = seededRng(7);
  const pictures = Array.from({ length: 4 }, () => randomArray(rng, size));
  expect(measure(convexHull(pictures))).toMatchObject({ dimension: 3, facets: 4, vertices: 4 });
  const plane = inSubspace(ball([0, 0], 1), pictures[0], pictures.slice(1, 3));
  expect(measure(plane)).toMatchObject({ dimension: 2 });
  expect(plane.contains(pictures[0])).toBe(true);
});

test('a box of many coordinates has more vertices than there are numbers', () => {
  const region = boxAround(new Float64Array(3072), 0.1);
  expect(measure(region)).toMatchObject({
    dimension: 3072,
    facets: 6144,
    vertices: Number.POSITIVE_INFINITY,
  });
  expect(measure(region).logVolume).toBeCloseTo(3072 * Math.log(0.2), 6);
});
