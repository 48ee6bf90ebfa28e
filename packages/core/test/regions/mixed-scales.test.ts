import {
  bounds,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  hPolytope,
  matrixFromRows,
  relu,
  simplex,
  vPolytope,
} from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { exactVertices } from '@police/testing/exact/polytope';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import { flatHPolytope, randomHPolytope } from '@police/testing/regions/cases';
import { SURVIVES_JSON, testRegionLaws, VOTES_COUNT_VERTICES } from '@police/testing/regions/laws';
import { mixedCases, mixedUnits, rowsInUnits } from '@police/testing/regions/mixed-scales';
import { randomFunctionals, verticesOf } from '@police/testing/regions/oracles';
import { expectWithinSlack } from '@police/testing/regions/within-slack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convexHull } from '../../src/regions/index.js';
import { programmedPolytope } from '../../src/regions/programs/programmed-polytope.js';

const programs = await loadLinearPrograms();

/** Of the ranges of polytopes known through linear programs. */
const GAP = 1e-10;

describe.each(mixedCases)('$name', regionCase => {
  testRegionLaws(regionCase, 4);

  test('the true region lies within the slack of the one represented, exactly', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = regionCase.make(rng);
        expectWithinSlack(region, region, randomFunctionals(region, 3, rng));
      }),
      { numRuns: 4 },
    );
  });
});

describe.each(mixedUnits)('coordinates $name', units => {
  const { away } = units;
  const law = (name: string, numRuns: number, check: (rng: () => number, size: number) => void) =>
    test.each([1, 2, 3, 4])(`${name} (%s dimensions)`, size => {
      fc.assert(
        fc.property(seeds, seed => {
          check(seededRng(seed), size);
        }),
        { numRuns },
      );
    });
  const points = (rng: () => number, count: number, size: number) =>
    Array.from({ length: count }, () => randomArray(rng, size).map((x, k) => x * units.units[k] + away[k]));

  law(
    'a simplex spans what its vertices do, and slack is the rounding of each coordinate',
    20,
    (rng, size) => {
      const vertices = points(rng, size + 1, size);
      for (const region of [simplex(vertices), vPolytope([...vertices, ...vertices]), convexHull(vertices)]) {
        expect(region.frame.rows).toBe(size + 1);
        region.slack.forEach((slack, k) => {
          const largest = Math.max(...vertices.map(vertex => Math.abs(vertex[k])));
          expect(slack, `coordinate ${k}`).toBeLessThanOrEqual(
            2 ** 8 * (size + 2) * Number.EPSILON * largest,
          );
        });
      }
    },
  );

  law('nothing twice as far out as the hull, in any one coordinate, is contained', 20, (rng, size) => {
    const region = convexHull(points(rng, 4 * size + 2, size));
    const x = region.sample(rng);
    for (let k = 0; k < size; k++) {
      const [least, most] = extentOf(verticesOf(region), k);
      expect(region.contains(x.map((value, i) => (i === k ? most + (most - least) : value)))).toBe(false);
      expect(region.contains(x.map((value, i) => (i === k ? least - (most - least) : value)))).toBe(false);
      expect(region.contains(x.map((value, i) => (i === k ? most + 2 ** -10 * (most - least) : value)))).toBe(
        false,
      );
    }
  });

  law('the hull of data holds all of the data, exactly', 5, (rng, size) => {
    const data = points(rng, 12, size);
    const region = convexHull([...data, ...data]);
    expectWithinSlack(region, vPolytope(data), randomFunctionals(region, 3, rng));
  });

  test.each(['solid', 'flat'])('an H-polytope has all of its vertices (%s)', shape => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 3 }), (seed, size) => {
        const rng = seededRng(seed);
        const make = shape === 'flat' ? flatHPolytope : randomHPolytope;
        const { A, b } = rowsInUnits(make(rng, size, 3), { ...units, away: away.map(() => 0) });
        const region = hPolytope(A, b);
        expect(region.body.terms).toBe(exactVertices(A, b).length);
        expectWithinSlack(region, region, randomFunctionals(region, 3, rng));
      }),
      { numRuns: 8 },
    );
  });

  describe('known through linear programs', () => {
    const make = (rng: () => number) => {
      const { A, b } = rowsInUnits(randomHPolytope(rng, 3, 3), units);
      return programmedPolytope(matrixFromRows(A), Float64Array.from(b), programs);
    };
    testRegionLaws({ name: 'programmed', make }, 4, {
      leftOut: [SURVIVES_JSON, VOTES_COUNT_VERTICES],
      gap: GAP,
    });
  });
});

function extentOf(vertices: readonly (readonly number[])[], k: number): [number, number] {
  const values = vertices.map(vertex => vertex[k]);
  return [Math.min(...values), Math.max(...values)];
}

test('bounds over a triangle of Unix milliseconds and a rate are those at its vertices', () => {
  const start = 1.7e12;
  const triangle = [
    [start, 0.001],
    [start + 1e6, 0.005],
    [start, 0.009],
  ];
  const region = convexHull(triangle);
  const net = chain(2, [
    dense(
      [
        [1e-6, 0],
        [0, 1000],
      ],
      [5 - start * 1e-6, 5],
    ),
    relu(),
    dense([[1, 2]]),
  ]);
  const { network } = freeze(enforce(net, [region]).network, [region], { precision: 'float64' });
  const values = forward(network, matrixFromRows(triangle)).data;
  const { upper, lower, error } = bounds(network, region);
  // The first layer cancels 1.7e6 against 1.7e6: some roundings of that size are all that may be added.
  const ROUNDING = 256 * Number.EPSILON * start * 1e-6;
  expect(error[0]).toBeLessThan(ROUNDING);
  expect(Math.abs(upper[0] - Math.max(...values))).toBeLessThan(ROUNDING);
  expect(Math.abs(lower[0] - Math.min(...values))).toBeLessThan(ROUNDING);
});

test('a polygon symmetric in units apart is symmetric', () => {
  const square = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ];
  const inUnits = (points: number[][]) => points.map(([x, y]) => [1.7e12 + 1e6 * x, 1e-9 * y]);
  expect(vPolytope(inUnits(square)).symmetric).toBe(true);
  expect(vPolytope(inUnits([...square, [-1, -1]])).symmetric).toBe(false);
  expect(vPolytope(inUnits([...square.slice(0, 3), [-1, 1.01]])).symmetric).toBe(false);
});
