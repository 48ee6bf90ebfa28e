import {
  ball,
  boxAround,
  chordProbe,
  crossPolytope,
  enforce,
  forward,
  freeze,
  type Region,
  type RegionJSON,
  rowOf,
  vPolytope,
} from '@police/core';
import { mixedUnits } from '@police/testing/exact/network';
import { add, dot, exact, multiply, subtract, sum } from '@police/testing/exact/rational';
import { exactRegion } from '@police/testing/exact/region';
import { cancellingNetwork } from '@police/testing/hard-cases';
import {
  activationKinds,
  applyMap,
  expectClose,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { moreRegionCases, moreRegionNames, moreRegions, randomShape } from '@police/testing/regions/cases';
import { testRegionLaws } from '@police/testing/regions/laws';
import {
  type Functional,
  frameValues,
  functionalTolerance,
  randomFunctionals,
  verticesOf,
} from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  circle,
  convexHull,
  ellipsoid,
  ellipsoidOfShape,
  imageUnder,
  inSubspace,
  regionSchedule,
  regularPolygon,
  scaled,
  zonotope,
} from '../../src/regions/index.js';

describe.each(moreRegionCases)('$name', regionCase => {
  testRegionLaws(regionCase, 6);
});

const activations = fc.constantFrom(...activationKinds);

describe.each(moreRegionNames)('a network policed on: %s', name => {
  test('is the reported affine map there, and straight along chords', () => {
    const CHORDS = 20;
    fc.assert(
      fc.property(seeds, activations, (seed, activation) => {
        const rng = seededRng(seed);
        const region = moreRegions[name](rng, 1);
        const net = randomNetwork(rng, [region.size, 12, 10, 2], activation);
        const { network: policed, report } = enforce(net, [region]);
        const points = pointsOf(region, 10, rng);
        const tolerance = roundingBoundOn(policed, region);
        expectClose(
          forward(policed, points).data,
          applyMap(report.maps[0], points),
          tolerance,
          `the map by ${activation}`,
        );
        const probe = chordProbe(region, CHORDS, rng);
        expect(probe.residual(forward(policed, probe.points)), `${activation} bends`).toBeLessThanOrEqual(
          tolerance,
        );
      }),
      { numRuns: 6 },
    );
  });

  test.each(['float32', 'float64'] as const)('is exactly affine when frozen to %s', precision => {
    fc.assert(
      fc.property(seeds, activations, fc.constantFrom(1e-3, 1, 1e3), (seed, activation, scale) => {
        const rng = seededRng(seed);
        const region = moreRegions[name](rng, scale);
        const net = randomNetwork(rng, [region.size, 10, 8, 2], activation);
        expectFrozenExact(freeze(net, [region], { precision }), region);
      }),
      { numRuns: 4 },
    );
  });
});

/** No tolerance: in exact arithmetic no unit takes both signs, and float64 finds nothing left to shift. */
function expectFrozenExact({ network: net }: ReturnType<typeof freeze>, region: Region, told = region): void {
  expect(mixedUnits(net, told)).toEqual([]);
  expect(enforce(net, [region]).report.shifted).toBe(0);
}

test('frozen networks are exactly affine far away, where the rounding of a mapped frame is all there is', () => {
  const inFour = moreRegionNames.filter(name => moreRegions[name](seededRng(1), 1).size === 4);
  fc.assert(
    fc.property(seeds, fc.constantFrom(...inFour), (seed, name) => {
      const rng = seededRng(seed);
      const factors = Array.from({ length: 4 }, () => 1 / (1 + rng()));
      const far = imageUnder(moreRegions[name](rng, 1), factors, randomArray(rng, 4, 1e6));
      const region = pick(rng, [far, scaled(far, 0.3), imageUnder(far, randomShape(rng, 4, 1))]);
      expectFrozenExact(freeze(cancellingNetwork(region, rng), [region], { precision: 'float64' }), region);
    }),
    { numRuns: 60 },
  );
});

test('frozen on the hull of data, a network is exactly affine on all of the data', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 3), (seed, dimension) => {
      const rng = seededRng(seed);
      const data = flatData(rng, dimension);
      const region = convexHull(data);
      expect(region.body.terms).toBeLessThan(data.length);
      const net = cancellingNetwork(region, rng);
      expectFrozenExact(freeze(net, [region], { precision: 'float64' }), region, vPolytope(data));
    }),
    { numRuns: 30 },
  );
});

/**
 * No tolerance but for round bodies: in exact arithmetic, no functional takes a value on the true region beyond its
 * value at the extreme point of the region represented, that of the float64 frame, by more than the slack.
 */
function expectWithinSlack(region: Region, told: Region, functionals: readonly Functional[]): void {
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

describe('the true region lies within the slack of the one represented, exactly:', () => {
  const COUNT = 4;
  test.each(moreRegionNames)('%s, near and far, mapped and scaled', name => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(1e-9, 1, 1e9), (seed, scale) => {
        const rng = seededRng(seed);
        const near = moreRegions[name](rng, scale);
        const { size } = near;
        const matrix = Array.from({ length: size }, () => randomArray(rng, size));
        const far = imageUnder(near, matrix, randomArray(rng, size, 1e4 * scale));
        const cancelled = imageUnder(far, randomArray(rng, size), randomArray(rng, size, 1e4 * scale));
        for (const region of [near, scaled(near, 0.3), far, scaled(far, 0.3), cancelled])
          expectWithinSlack(region, region, randomFunctionals(region, COUNT, rng));
      }),
      { numRuns: 5 },
    );
  });

  test('a thin ellipsoid by its shape, across', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [a, c] = [1 + rng(), 1 + rng()];
        const b = Math.sqrt(a * c) * (1 - 2 ** -16 * rng());
        const region = ellipsoidOfShape(
          [0, 0],
          [
            [a, b],
            [b, c],
          ],
        );
        expectWithinSlack(region, region, [{ w: [b / a, -1], b: 0 }]);
      }),
      { numRuns: 100 },
    );
  });

  test('the hull of data holds all of the data', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(1, 2, 3), (seed, dimension) => {
        const rng = seededRng(seed);
        const data = flatData(rng, dimension);
        const region = convexHull(data);
        // Across the thin directions of the data, where a point more may stand out.
        const across = randomFunctionals(region, COUNT, rng).map(({ w }) => ({
          w: crosswise(region, w),
          b: 0,
        }));
        expectWithinSlack(region, vPolytope(data), [...across, ...randomFunctionals(region, COUNT, rng)]);
      }),
      { numRuns: 40 },
    );
  });

  test('a point so little outside that it counts as redundant is made up for', () => {
    const square = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    const data = [...square, [0.5, -(2 ** -47)]];
    const region = convexHull(data);
    expect(verticesOf(region)).toEqual(square);
    expectWithinSlack(region, vPolytope(data), [{ w: [0, -1], b: 0 }]);
    expect(verticesOf(convexHull([...square, [0.5, -(2 ** -30)]]))).toHaveLength(5);
  });

  /** What is left of w beside the frame's directions. */
  function crosswise({ frame }: Region, w: readonly number[]): number[] {
    const basis: number[][] = [];
    for (let i = 1; i <= frame.rows; i++) {
      const row = i < frame.rows ? Array.from(rowOf(frame, i)) : [...w];
      for (const axis of basis) {
        const along = row.reduce((total, x, k) => total + x * axis[k], 0);
        axis.forEach((x, k) => {
          row[k] -= along * x;
        });
      }
      const length = Math.hypot(...row);
      basis.push(row.map(x => x / length));
    }
    return basis.at(-1)!;
  }
});

/** Points on a line, in a plane or a solid of ℝ⁴, to rounding, far from the origin. */
function flatData(rng: () => number, dimension: number): number[][] {
  const axes = Array.from({ length: dimension }, () => randomArray(rng, 4));
  const away = randomArray(rng, 4, 1e3);
  return Array.from({ length: 30 }, () => {
    const t = randomArray(rng, dimension);
    return away.map((x, k) => x + axes.reduce((total, axis, i) => total + t[i] * axis[k], 0));
  });
}

test('the slack given with vertices adds to that of the frame', () => {
  const vertices = [
    [0.1, 0.2],
    [0.3, 0.7],
  ];
  const bare = vPolytope(vertices).slack;
  const { slack } = vPolytope(vertices, [0.5, 0]);
  expect(slack[0]).toBeGreaterThanOrEqual(0.5 + bare[0]);
  expect(slack[1]).toBeGreaterThanOrEqual(bare[1]);
});

test('slack is mapped with the region, and at the centre that a region is scaled about', () => {
  const region = vPolytope([[0.1, 0.2]], [0.5, 0.25]);
  expect(imageUnder(region, [[2, -3]]).slack[0]).toBeGreaterThanOrEqual(2 * 0.5 + 3 * 0.25);
  expect(scaled(region, 0).slack[0]).toBeGreaterThanOrEqual(0.5);
  expect(scaled(region, 3).slack[1]).toBeGreaterThanOrEqual(3 * 0.25 + 2 * 0.25);
});

test('an image contains the images of points, though large terms cancel in them', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const pixels = boxAround(randomArray(rng, 2, 1e6), 1e-3);
      const row = randomArray(rng, 2);
      const middle = row[0] * pixels.frame.data[0] + row[1] * pixels.frame.data[1];
      const image = imageUnder(pixels, [row], [-middle]);
      for (const [x, y] of [pixels.sample(rng), ...verticesOf(pixels)])
        expect(image.contains([row[0] * x + row[1] * y - middle])).toBe(true);
      expect(image.contains([0.01])).toBe(false);
    }),
    { numRuns: 50 },
  );
});

test('nothing outside is contained where directions depend on one another all but for rounding', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 1e-1, 1e-2, 1e-3), (seed, angle) => {
      const rng = seededRng(seed);
      const [p, q] = [randomArray(rng, 4), randomArray(rng, 4)];
      const directions = [p, p.map((x, k) => x + angle * q[k]), p.map((x, k) => 0.3 * x + 0.7 * q[k])];
      const origin = [0, 0, 0, 0];
      const combined = (t: readonly number[]) =>
        origin.map((_, k) => t.reduce((total, x, i) => total + x * directions[i][k], 0));
      for (const region of [
        inSubspace(crossPolytope([0, 0, 0], 1), origin, directions),
        inSubspace(vPolytope(verticesOf(crossPolytope([0, 0, 0], 1))), origin, directions),
        zonotope(origin, directions),
        ellipsoid(origin, directions),
      ]) {
        expect(region.contains(combined([0.3, -0.3, 0.3])), region.kind).toBe(true);
        expect(region.contains(combined([4, 4, 4])), region.kind).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
});

/** Both regions range over the same values, to rounding. */
function expectSameRange(a: Region, b: Region, seed: number): void {
  const functionals = randomFunctionals(a, 10, seededRng(seed));
  const tolerance = functionalTolerance(a) + functionalTolerance(b);
  const [ranges, others] = [a, b].map(region => region.range(frameValues(region, functionals)));
  expectClose(others.lo, ranges.lo, tolerance, 'minimum');
  expectClose(others.hi, ranges.hi, tolerance, 'maximum');
}

describe('the same region told differently', () => {
  const law = (name: string, pair: (rng: () => number) => [Region, Region]) =>
    test(name, () => {
      fc.assert(
        fc.property(seeds, seed => {
          const [a, b] = pair(seededRng(seed));
          expectSameRange(a, b, seed);
        }),
        { numRuns: 30 },
      );
    });
  const diagonal = (values: readonly number[]) =>
    values.map((x, i) => values.map((_, k) => (i === k ? x : 0)));

  law('a box is a zonotope', rng => {
    const [centre, radii] = [randomArray(rng, 4), randomArray(rng, 4).map(Math.abs)];
    return [boxAround(centre, radii), zonotope(centre, diagonal(radii))];
  });
  law('a ball is an ellipsoid of equal axes', rng => {
    const centre = randomArray(rng, 4);
    return [ball(centre, 2), ellipsoid(centre, diagonal([2, 2, 2, 2]))];
  });
  law('a ball is an ellipsoid whose shape is the squared radius', rng => {
    const centre = randomArray(rng, 4);
    return [ball(centre, 2), ellipsoidOfShape(centre, diagonal([4, 4, 4, 4]))];
  });
  law('an image under a diagonal is that under the matrix', rng => {
    const region = zonotope(
      randomArray(rng, 3),
      Array.from({ length: 5 }, () => randomArray(rng, 3)),
    );
    const [factors, offset] = [randomArray(rng, 3), randomArray(rng, 3)];
    return [imageUnder(region, factors, offset), imageUnder(region, diagonal(factors), offset)];
  });
  law('the image of a ball is an ellipsoid', rng => {
    const A = Array.from({ length: 3 }, () => randomArray(rng, 3));
    const columns = A.map((_, k) => A.map(row => row[k]));
    const b = randomArray(rng, 3);
    return [imageUnder(ball([0, 0, 0], 1), A, b), ellipsoid(b, columns)];
  });
  law('a subspace is an image under the transposed basis', rng => {
    const basis = [randomArray(rng, 3), randomArray(rng, 3)];
    const origin = randomArray(rng, 3);
    const region = regularPolygon(5);
    return [
      inSubspace(region, origin, basis),
      imageUnder(
        region,
        origin.map((_, k) => [basis[0][k], basis[1][k]]),
        origin,
      ),
    ];
  });
  law('a polytope is the hull of its vertices and of points between', rng => {
    const vertices = Array.from({ length: 7 }, () => randomArray(rng, 3));
    const region = vPolytope(vertices);
    const inside = Array.from({ length: 30 }, () => region.sample(rng));
    return [region, convexHull([...inside, ...vertices, ...inside])];
  });
  law('scaling a scaled region multiplies the factors', rng => {
    const region = vPolytope(Array.from({ length: 6 }, () => randomArray(rng, 3)));
    return [scaled(scaled(region, 0.5), 0.7), scaled(region, 0.35)];
  });
});

test('diagonal directions stay diagonal in images of boxes and balls, so that frames are never dense', () => {
  const image = imageUnder(scaled(boxAround(new Array<number>(5).fill(1), 2), 0.5), [1, 2, -3, 4, 0]);
  expect(Array.from(image.diagonal!)).toEqual([1, 2, -3, 4, 0]);
  expect(image.contains([2, 0, -6, 8, 0])).toBe(true);
  expect(image.contains([2, 0, -6, 8, 1e-3])).toBe(false);
  const size = 1000;
  const pixels = ball(new Array<number>(size).fill(0.5), 0.1);
  const normalised = imageUnder(pixels, new Array<number>(size).fill(4), new Array<number>(size).fill(-2));
  expect(normalised.diagonal).toEqual(new Float64Array(size).fill(4 * 0.1));
  expect(normalised.contains(normalised.sample(seededRng(1)))).toBe(true);
});

test('the first corner of a polygon is at its rotation, all are on the circle', () => {
  const corners = verticesOf(regularPolygon(7, [2, -1], 3, 0.4));
  const EPSILONS = 16 * Number.EPSILON;
  expectClose(corners[0], [2 + 3 * Math.cos(0.4), -1 + 3 * Math.sin(0.4)], EPSILONS, 'first corner');
  expectClose(
    corners.map(([x, y]) => Math.hypot(x - 2, y + 1)),
    new Array<number>(7).fill(3),
    EPSILONS,
    'distances',
  );
  expect(verticesOf(circle(12, [1, 1], 2))).toEqual(verticesOf(regularPolygon(12, [1, 1], 2)));
});

test('a hull keeps exactly the corners', () => {
  const square = [
    [0, 0],
    [4, 0],
    [4, 4],
    [0, 4],
  ];
  const grid = Array.from({ length: 25 }, (_, i) => [i % 5, Math.floor(i / 5)]);
  expect(verticesOf(convexHull(grid)).sort()).toEqual([...square].sort());
  expect(verticesOf(convexHull([...square, ...square]))).toEqual(square);
  const line = [0.5, 0.1, 0.9, 0.3].map(t => [t, 2 * t, 1 - t]);
  expect(verticesOf(convexHull(line))).toEqual([line[1], line[2]]);
  expect(verticesOf(convexHull([line[0], line[0]]))).toEqual([line[0]]);
  expect(convexHull(square).toJSON()).not.toHaveProperty('slack');
});

test('a hull of many points holds them all and lists no more than needed', () => {
  const rng = seededRng(3);
  const data = Array.from({ length: 500 }, () => randomArray(rng, 3).map(x => x ** 3));
  const region = convexHull(data);
  for (const x of data) expect(region.contains(x)).toBe(true);
  const kept = verticesOf(region);
  for (const [i, x] of kept.entries()) {
    const others = vPolytope(kept.filter((_, k) => k !== i));
    expect(others.contains(x), `vertex ${i} among the others`).toBe(false);
  }
});

test('a schedule grows about the centre from a share to the region itself', () => {
  const region = boxAround([1, 2], [4, 8]);
  const at = regionSchedule(region, 0.25, 3);
  for (const [step, radii] of [
    [0, [1, 2]],
    [1, [2, 4]],
    [2, [3, 6]],
  ] as const) {
    expectSameRange(at(step), boxAround([1, 2], radii), step);
  }
  expect(at(3)).toBe(region);
  expect(at(100)).toBe(region);
  expect(regionSchedule(region, 0.25, 0)(0)).toBe(region);
});

test('scaled regions are nested', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...moreRegionNames), (seed, name) => {
      const rng = seededRng(seed);
      const region = moreRegions[name](rng, 1);
      const smaller = scaled(region, 0.6);
      const larger = scaled(region, 1.7);
      for (let i = 0; i < 5; i++) {
        expect(region.contains(smaller.sample(rng)), 'of the smaller in the region').toBe(true);
        expect(larger.contains(region.sample(rng)), 'of the region in the larger').toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test('semi-axes of a covariance need not be found by hand: the extent along each axis is the root of the diagonal', () => {
  const shape = randomShape(seededRng(8), 5, 3);
  const region = ellipsoidOfShape([0, 0, 0, 0, 0], shape);
  const { hi } = region.range(region.frame);
  expectClose(
    hi,
    shape.map((row, i) => Math.sqrt(row[i])),
    functionalTolerance(region),
    'extents',
  );
});
