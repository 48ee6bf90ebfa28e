import { PoliceError, pointsAt, type Region, rowOf } from '@police/core';
import { approximatePoint, exactVertices } from '@police/testing/exact/polytope';
import { compare, type Dyadic, dot, exact, multiply } from '@police/testing/exact/rational';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { flatHPolytope, randomHPolytope, SCALES } from '@police/testing/regions/cases';
import { frameValues, randomFunctionals } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hPolytope, MAX_VERTICES } from '../../src/regions/index.js';

const sides = [-1, 1] as const;

/** The rows of a box with the given bounds on each coordinate. */
function boxRows(size: number, lower = -1, upper = 1): { A: number[][]; b: number[] } {
  const A = Array.from({ length: 2 * size }, (_, i) =>
    Array.from({ length: size }, (_, k) => (k === i >> 1 ? sides[i % 2] : 0)),
  );
  return { A, b: A.map((_, i) => (i % 2 === 0 ? -lower : upper)) };
}

function errorOf(A: number[][], b: number[]): PoliceError {
  try {
    hPolytope(A, b);
  } catch (error) {
    expect(error).toBeInstanceOf(PoliceError);
    return error as PoliceError;
  }
  return expect.fail('nothing was thrown');
}

/** Vertices as the region has them: the extreme points of every direction tried, each once. */
function cornersOf(region: Region, directions = 200): number[][] {
  const functionals = randomFunctionals(region, directions, seededRng(1));
  const points = pointsAt(
    region,
    region.extremes(frameValues(region, functionals), new Int8Array(directions).fill(1)),
  );
  const found = new Map<string, number[]>();
  for (let i = 0; i < points.rows; i++) {
    const point = Array.from(rowOf(points, i), x => Math.round(x * 2 ** 30) / 2 ** 30);
    found.set(point.join(), point);
  }
  return [...found.values()];
}

describe.each(SCALES)('of size %s', scale => {
  const law = (
    name: string,
    numRuns: number,
    check: (A: number[][], b: number[], rng: () => number) => void,
  ) =>
    test(name, () => {
      fc.assert(
        fc.property(
          seeds,
          fc.constantFrom(['solid', 2], ['flat', 2], ['solid', 3], ['flat', 3]) as fc.Arbitrary<
            ['solid' | 'flat', number]
          >,
          (seed, [shape, size]) => {
            const rng = seededRng(seed);
            const { A, b } = (shape === 'flat' ? flatHPolytope : randomHPolytope)(rng, size, 4, scale);
            check(A, b, rng);
          },
        ),
        { numRuns },
      );
    });

  law('has as many vertices as all subsets of constraints give', 40, (A, b) => {
    expect(hPolytope(A, b).body.terms).toBe(exactVertices(A, b).length);
  });

  law('every true vertex lies within the slack of the region represented, exactly', 40, (A, b, rng) => {
    const region = hPolytope(A, b);
    const functionals = randomFunctionals(region, 8, rng).map(({ w }) => ({ w, b: 0 }));
    const { lo, hi } = region.range(frameValues(region, functionals));
    const reach = region.reach(region.frame);
    const truth = exactVertices(A, b);
    functionals.forEach(({ w }, j) => {
      const weights = w.map(exact);
      const size = w.reduce((sum, x, k) => sum + Math.abs(x) * reach[k], 0);
      // D products for each frame value, d of them with coordinates: what evaluating the range may round.
      const rounding = 2 * (region.size + region.frame.rows + 2) * Number.EPSILON * size;
      const slack = w.reduce((sum, x, k) => sum + Math.abs(x) * region.slack[k], 0);
      for (const { weight, coordinates } of truth) {
        const value = dot(weights, coordinates);
        const isAtMost = (x: Dyadic, bound: number) => compare(x, multiply(weight, exact(bound))) <= 0;
        expect(isAtMost(value, hi[j] + slack + rounding), 'above').toBe(true);
        expect(isAtMost(multiply(exact(-1), value), -(lo[j] - slack - rounding)), 'below').toBe(true);
      }
    });
  });

  law('order, positive factors and redundant rows of the constraints do not matter', 20, (A, b, rng) => {
    const region = hPolytope(A, b);
    const loose = A.map((row, i) => ({ row, bound: b[i] + scale * rng() }));
    const mixed = [
      ...loose,
      ...A.map((row, i) => ({ row: row.map(x => 4 * x), bound: 4 * b[i] })),
      ...A.map((row, i) => ({ row, bound: b[i] })),
      { row: A[0].map(() => 0), bound: 0 },
    ]
      .map(constraint => ({ ...constraint, place: rng() }))
      .sort((p, q) => p.place - q.place);
    const again = hPolytope(
      mixed.map(({ row }) => row),
      mixed.map(({ bound }) => bound),
    );
    expect(again.body.terms).toBe(region.body.terms);
    const reach = region.reach(region.frame);
    const tolerance = 4 * (reach.length + 2) * Number.EPSILON * Math.max(...reach);
    const [range, other] = [region, again].map(r => r.range(coordinates(r)));
    expectClose(other.hi, range.hi, tolerance, 'largest coordinates');
    expectClose(other.lo, range.lo, tolerance, 'smallest coordinates');
  });

  law('contains its vertices, and nothing beyond any constraint', 20, (A, b, rng) => {
    const region = hPolytope(A, b);
    for (const vertex of exactVertices(A, b)) {
      const x = approximatePoint(vertex);
      expect(region.contains(x)).toBe(true);
      const centre = region.sample(rng);
      const beyond = x.map((value, k) => value + 2 ** -20 * (value - centre[k]));
      const size = Math.max(...x.map((value, k) => Math.abs(value - centre[k])));
      if (size > 2 ** -10 * scale) expect(region.contains(beyond)).toBe(false);
    }
  });
});

/** The coordinates as functionals. */
function coordinates(region: Region) {
  return frameValues(
    region,
    Array.from({ length: region.size }, (_, i) => ({
      w: Array.from({ length: region.size }, (_, k) => Number(i === k)),
      b: 0,
    })),
  );
}

test('a triangle by its sides', () => {
  const region = hPolytope(
    [
      [1, 1],
      [-1, 0],
      [0, -1],
    ],
    [1, 0, 0],
  );
  expect(cornersOf(region).sort()).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  expect(region.contains([0.25, 0.25])).toBe(true);
  expect(region.contains([0.75, 0.75])).toBe(false);
});

test('corners where many sides meet: a cross-polytope of 2ᴰ sides has 2D vertices', () => {
  const size = 5;
  const signs = Array.from({ length: 2 ** size }, (_, i) =>
    Array.from({ length: size }, (_, k) => ((i >> k) & 1 ? 1 : -1)),
  );
  const region = hPolytope(
    signs,
    signs.map(() => 2),
  );
  expect(region.body.terms).toBe(2 * size);
  expectClose(region.range(coordinates(region)).hi, [2, 2, 2, 2, 2], 8 * Number.EPSILON, 'extents');
});

test('a point, a segment and a square by equality pairs', () => {
  const { A, b } = boxRows(3);
  const equal = (axis: number, value: number) => ({
    A: sides.map(side => [0, 1, 2].map(k => (k === axis ? side : 0))),
    b: sides.map(side => side * value),
  });
  const cuts = [equal(0, 0.5), equal(1, 1), equal(2, -0.25)];
  for (const [count, vertices] of [
    [1, 4],
    [2, 2],
    [3, 1],
  ]) {
    const used = cuts.slice(0, count);
    const region = hPolytope([...A, ...used.flatMap(cut => cut.A)], [...b, ...used.flatMap(cut => cut.b)]);
    expect(region.body.terms).toBe(vertices);
    expect(region.frame.rows - 1).toBe(3 - count);
  }
});

test('a slab one unit in the last place thick is not empty, and one that much too thin is', () => {
  const { A, b } = boxRows(2);
  const slab = (upper: number, lower: number): [number[][], number[]] => [
    [...A, [0.1, 0.7], [-0.1, -0.7]],
    [...b, upper, -lower],
  ];
  const ulp = 2 ** -54;
  expect(hPolytope(...slab(0.25 + ulp, 0.25)).body.terms).toBe(4);
  expect(hPolytope(...slab(0.25, 0.25)).body.terms).toBe(2);
  expect(errorOf(...slab(0.25, 0.25 + ulp)).code).toBe('empty-region');
});

test('constraints of very different sizes', () => {
  const region = hPolytope(
    [
      [1e-200, 0],
      [-1, 0],
      [0, 1e200],
      [0, -1],
    ],
    [1e-200, 0, 3e200, 0],
  );
  expect(region.body.terms).toBe(4);
  expectClose(region.range(coordinates(region)).hi, [1, 3], 8 * Number.EPSILON, 'extents');
});

test('dimension one', () => {
  const region = hPolytope([[2], [-1], [1]], [6, 1, 100]);
  const { lo, hi } = region.range(coordinates(region));
  expectClose([lo[0], hi[0]], [-1, 3], 8 * Number.EPSILON, 'interval');
});

describe('errors', () => {
  test('an empty set', () => {
    expect(errorOf([[1], [-1]], [0, -1]).message).toBe(
      'hPolytope: expected inequalities that some point satisfies, got 2 that contradict each other. ' +
        'Check signs: the rows mean A x ≤ b.',
    );
    expect(errorOf([...boxRows(2).A, [0, 0]], [...boxRows(2).b, -1]).code).toBe('empty-region');
    // Empty though one direction is free.
    const { A } = boxRows(1);
    const wide = A.map(([x]) => [x, 0]);
    expect(errorOf(wide, [-1, -1]).code).toBe('empty-region');
  });

  test('an unbounded set names a direction', () => {
    const quadrant = errorOf(
      [
        [-1, 0],
        [0, -1],
        [-1, 2],
      ],
      [0, 0, 0],
    );
    expect(quadrant.code).toBe('unbounded-region');
    expect(quadrant.actual).toMatch(/^a region that reaches to infinity along \[1, 0(\.5)?\]$/);
    const strip = errorOf(
      [
        [1, 1, 0],
        [-1, -1, 0],
      ],
      [1, 1],
    );
    expect(strip.code).toBe('unbounded-region');
    expect(strip.actual).toBe('rows that leave 2 of 3 dimensions free');
    expect(errorOf([], []).code).toBe('unbounded-region');
  });

  test('wrong sizes and numbers', () => {
    expect(errorOf([[1, 0], [1]], [1, 1]).message).toMatch(
      /^hPolytope A row 1: expected a row of size 2, got 1/,
    );
    expect(errorOf([[1, 0]], [1, 1]).where).toBe('hPolytope b');
    expect(errorOf([[NaN]], [1]).code).toBe('not-finite');
    expect(errorOf([[1], [-1]], [1, Infinity]).message).toMatch(/Leave out a constraint without a bound/);
  });

  test('too many vertices', () => {
    const size = Math.log2(MAX_VERTICES) + 1;
    const { A, b } = boxRows(size);
    const error = errorOf(A, b);
    expect(error.code).toBe('invalid-option');
    expect(error.expected).toContain(`at most ${MAX_VERTICES} vertices`);
    expect(error.actual).toBe('more');
  });

  test('too much work for a list of the vertices', () => {
    const angles = Array.from({ length: 3000 }, (_, i) => i);
    const error = errorOf(
      angles.map(angle => [Math.cos(angle), Math.sin(angle)]),
      angles.map(() => 1),
    );
    expect(error.code).toBe('invalid-option');
    expect(error.actual).toBe('3000 constraints on 2 coordinates, which take more steps');
    expect(error.remedy).toContain('loadLinearPrograms');
  });
});

test('a box in eight dimensions, cut at a corner', () => {
  const { A, b } = boxRows(8);
  const region = hPolytope([...A, new Array<number>(8).fill(1)], [...b, 7]);
  // The corner (1, …, 1) goes, its 8 edges are cut: each at distance 1 from it.
  expect(region.body.terms).toBe(2 ** 8 - 1 + 8);
  const rng = seededRng(1);
  for (let i = 0; i < 20; i++) expect(region.contains(region.sample(rng))).toBe(true);
  expect(region.contains(new Array<number>(8).fill(0.9))).toBe(false);
  expect(region.contains(randomArray(rng, 8, 0.8))).toBe(true);
});
