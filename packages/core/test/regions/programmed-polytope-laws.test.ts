import {
  box,
  certificateFlaw,
  certificateOf,
  crossPolytope,
  freeze,
  hPolytope,
  imageUnder,
  inSubspace,
  type LinearPrograms,
  matrix,
  matrixFromRows,
  PoliceError,
  pointsAt,
  type Region,
  regionFromJSON,
  rowOf,
} from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { exactVertices } from '@police/testing/exact/polytope';
import {
  absolute,
  add,
  compare,
  type Dyadic,
  dot,
  exact,
  multiply,
  subtract,
  zero,
} from '@police/testing/exact/rational';
import { expectClose, randomArray, randomNetwork, seededRng, seeds } from '@police/testing/helpers';
import { flatHPolytope, randomHPolytope, SCALES } from '@police/testing/regions/cases';
import { SURVIVES_JSON, testRegionLaws, VOTES_COUNT_VERTICES } from '@police/testing/regions/laws';
import { frameValues, randomFunctionals } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { programmedPolytope } from '../../src/regions/programs/programmed-polytope.js';
import { safeMaximum } from '../../src/regions/programs/safe-bounds.js';
import { constraintsIn } from '../../src/regions/programs/scaled-constraints.js';

const programs = await loadLinearPrograms();

interface Inequalities {
  readonly A: number[][];
  readonly b: number[];
}

const programmed = ({ A, b }: Inequalities): Region =>
  programmedPolytope(matrixFromRows(A), Float64Array.from(b), programs);

/** What ranges are longer than they are attained, as a share of the width, at the sharpest corners that come up. */
const GAP = 1e-11;

/** −1 ≤ xᵢ ≤ 1. */
function cubeRows(size: number): Inequalities {
  const A = Array.from({ length: 2 * size }, (_, i) =>
    Array.from({ length: size }, (_, k) => (k === i >> 1 ? (i % 2 === 0 ? 1 : -1) : 0)),
  );
  return { A, b: A.map(() => 1) };
}

/** Gap between a range and what its extremes attain, as a share of the width: the largest of some functionals. */
function largestGap(region: Region, rng: () => number): number {
  const COUNT = 20;
  const h = matrix(region.frame.rows, COUNT, Float64Array.from(randomArray(rng, region.frame.rows * COUNT)));
  const { lo, hi } = region.range(h);
  const shares = ([-1, 1] as const).flatMap(side => {
    const at = region.extremes(h, new Int8Array(COUNT).fill(side));
    return Array.from(side < 0 ? lo : hi, (bound, j) => {
      let value = 0;
      for (let i = 0; i < h.rows; i++) value += at.data[i * COUNT + j] * h.data[i * COUNT + j];
      return (side * (bound - value)) / (hi[j] - lo[j]);
    });
  });
  return Math.max(...shares);
}

describe.each(SCALES)('laws of polytopes of size %s known through linear programs:', scale => {
  const cases: Record<string, (rng: () => number) => Region> = {
    solid: rng => programmed(randomHPolytope(rng, 3, 4, scale)),
    flat: rng => programmed(flatHPolytope(rng, 3, 3, scale)),
    'image in fewer dimensions': rng =>
      imageUnder(
        programmed(randomHPolytope(rng, 4, 2, scale)),
        [randomArray(rng, 4), randomArray(rng, 4)],
        randomArray(rng, 2, scale),
      ),
    'flat in a solid': rng =>
      inSubspace(
        programmed(flatHPolytope(rng, 3, 2, scale)),
        randomArray(rng, 4, scale),
        Array.from({ length: 3 }, () => randomArray(rng, 4)),
      ),
  };
  describe.each(Object.keys(cases))('%s', name => {
    // Regions of few vertices come back from JSON with their vertices listed, and count votes otherwise.
    testRegionLaws({ name, make: cases[name] }, 8, {
      leftOut: [SURVIVES_JSON, VOTES_COUNT_VERTICES],
      gap: GAP,
    });
  });
});

/** Free coordinates, whose values are the frame's coordinates but for shift and scale: their slack is 0. */
const freeCoordinates = ({ slack }: Region) => Array.from(slack.keys()).filter(k => slack[k] === 0);

/** Frame coordinates of every true vertex, exactly, over its weight, and the vertex. */
function exactCoordinates(region: Region, { A, b }: Inequalities) {
  const { frame, size } = region;
  const free = freeCoordinates(region);
  expect(free.length).toBe(frame.rows - 1);
  return exactVertices(A, b).map(({ weight, coordinates }) => ({
    weight,
    coordinates,
    // Steps are powers of 2, so their inverses are exact.
    lambda: free.map((f, i) => {
      const away = subtract(coordinates[f], multiply(weight, exact(frame.data[f])));
      return multiply(away, exact(1 / frame.data[(i + 1) * size + f]));
    }),
  }));
}

const isAtMost = (a: Dyadic, b: Dyadic) => compare(a, b) <= 0;

test.each([...SCALES.map(s => [s, 0]), [1e-9, 1], [1, 1e6]])(
  'of size %s at %s: what the primal simplex leaves open, the dual one settles',
  (scale, at) => {
    const rng = seededRng(263171396);
    const { A, b } = flatHPolytope(rng, 3, 4, scale);
    const away = A.map((row, i) => b[i] + row.reduce((sum, a) => sum + a * at, 0));
    const { frame, range } = programmed({ A, b: away });
    const h = matrix(frame.rows, 6, Float64Array.from(randomArray(rng, frame.rows * 6)));
    expect(range(h).lo.length).toBe(6);
  },
);

describe.each([...SCALES.map(s => [s, 0]), [1e-9, 1], [1, 1e6]])(
  'of size %s at %s, in exact arithmetic',
  (scale, at) => {
    const law = (name: string, check: (inequalities: Inequalities, rng: () => number) => void) =>
      test.each(['solid', 'flat'])(`${name} (%s)`, shape => {
        fc.assert(
          fc.property(seeds, fc.integer({ min: 2, max: 3 }), (seed, size) => {
            const rng = seededRng(seed);
            const { A, b } = (shape === 'flat' ? flatHPolytope : randomHPolytope)(rng, size, 4, scale);
            const away = A.map((row, i) => b[i] + row.reduce((sum, a) => sum + a * at, 0));
            check({ A, b: away }, rng);
          }),
          { numRuns: 15 },
        );
      });

    law('no vertex is out of range, with no allowance at all, and reach bounds them', (inequalities, rng) => {
      const region = programmed(inequalities);
      const COUNT = 6;
      const rows = region.frame.rows;
      const h = matrix(rows, COUNT, Float64Array.from(randomArray(rng, rows * COUNT)));
      const { lo, hi } = region.range(h);
      const reach = region.reach(h);
      for (const { weight, lambda } of exactCoordinates(region, inequalities)) {
        for (let j = 0; j < COUNT; j++) {
          const column = Array.from({ length: rows }, (_, i) => exact(h.data[i * COUNT + j]));
          const point = [weight, ...lambda];
          const value = dot(column, point);
          expect(isAtMost(value, multiply(weight, exact(hi[j]))), 'above').toBe(true);
          expect(isAtMost(multiply(weight, exact(lo[j])), value), 'below').toBe(true);
          const size = column.map((x, i) => absolute(multiply(x, point[i]))).reduce(add, zero);
          const ROUNDING = 1 + 2 ** -48;
          expect(isAtMost(size, multiply(weight, exact(reach[j] * ROUNDING))), 'beyond reach').toBe(true);
        }
      }
    });

    law('vertices lie within the slack of the frame, with no allowance at all', inequalities => {
      const region = programmed(inequalities);
      const { frame, size, slack } = region;
      for (const { weight, coordinates, lambda } of exactCoordinates(region, inequalities)) {
        coordinates.forEach((x, k) => {
          const column = Array.from({ length: frame.rows }, (_, i) => exact(frame.data[i * size + k]));
          const off = absolute(subtract(x, dot(column, [weight, ...lambda])));
          expect(isAtMost(off, multiply(weight, exact(slack[k]))), `coordinate ${k}`).toBe(true);
        });
      }
    });

    law('a range is attained but for the gap', (inequalities, rng) => {
      expect(largestGap(programmed(inequalities), rng)).toBeLessThan(GAP);
    });
  },
);

test('a bound holds for any multipliers, exactly', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const { A, b } = randomHPolytope(rng, 2, 3);
      const origin = Float64Array.from(randomArray(rng, 2, 0.1));
      const constraints = constraintsIn(matrixFromRows(A), b, { origin, exponents: Float64Array.of(1, -2) });
      const c = randomArray(rng, 2);
      const y = A.map(() => Math.max(-0.1, 2 * rng() - 1));
      const steps = [2, 1 / 4];
      const vertices = exactVertices(A, b).map(({ weight, coordinates }) => ({
        weight,
        lambda: coordinates.map((x, k) =>
          multiply(subtract(x, multiply(weight, exact(origin[k]))), exact(1 / steps[k])),
        ),
      }));
      const limits = Float64Array.of(100, 100);
      const bound = safeMaximum(constraints, c, y, limits);
      for (const { weight, lambda } of vertices) {
        expect(isAtMost(dot(c.map(exact), lambda), multiply(weight, exact(bound)))).toBe(true);
      }
    }),
  );
});

test('negative multipliers prove nothing', () => {
  const interval = { G: matrixFromRows([[1], [-1]]), g: Float64Array.of(1, 1) };
  // −1 times −λ ≤ 1 would read λ ≤ −1.
  expect(safeMaximum(interval, [1], [0, -1], Float64Array.of(1))).toBeGreaterThanOrEqual(1);
});

test('changing coordinates rounds limits up, by no more than two units in the last place', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...SCALES), (seed, scale) => {
      const rng = seededRng(seed);
      const { A, b } = randomHPolytope(rng, 3, 4, scale);
      const origin = Float64Array.from(randomArray(rng, 3, scale));
      const exponents = Float64Array.of(-3, 0, 31);
      const { G, g } = constraintsIn(matrixFromRows(A), b, { origin, exponents });
      A.forEach((row, i) => {
        const left = subtract(exact(b[i]), dot(row.map(exact), Array.from(origin, exact)));
        const k = row.findIndex(a => a !== 0);
        const factor = G.data[3 * i + k] / row[k] / 2 ** exponents[k];
        row.forEach((a, n) => {
          expect(G.data[3 * i + n]).toBe(a * 2 ** exponents[n] * factor);
        });
        const limit = multiply(left, exact(factor));
        const error = multiply(absolute(limit), exact(2 ** -50));
        expect(isAtMost(limit, exact(g[i])), 'rounded up').toBe(true);
        expect(isAtMost(exact(g[i]), add(limit, error)), 'hardly').toBe(true);
      });
    }),
  );
});

test('extremes are drawn inside where the solver overshoots', () => {
  const overshooting: LinearPrograms = {
    maximise: (G, g, costs) =>
      programs
        .maximise(G, g, costs)
        .map(found =>
          found.status === 'optimal' ? { ...found, x: found.x.map(x => x * (1 + 1e-9)) } : found,
        ),
  };
  const { A, b } = randomHPolytope(seededRng(1), 3, 4);
  const region = programmedPolytope(matrixFromRows(A), Float64Array.from(b), overshooting);
  const points = pointsAt(region, region.extremes(region.frame, new Int8Array(3).fill(1)));
  for (let j = 0; j < 3; j++) expect(region.contains(rowOf(points, j))).toBe(true);
});

describe('the frame', () => {
  const dimensionOf = (A: number[][], b: number[]) => programmed({ A, b }).frame.rows - 1;
  const { A, b } = cubeRows(4);

  test('spans the affine hull: equalities, given or implied, take a dimension each', () => {
    const sum = [1, 1, 1, 1];
    const other = [1, -2, 0.1, 0];
    const negative = (row: number[]) => row.map(x => -x);
    expect(dimensionOf(A, b)).toBe(4);
    expect(dimensionOf([...A, sum, negative(sum)], [...b, 0.3, -0.3])).toBe(3);
    expect(
      dimensionOf([...A, sum, negative(sum), other, negative(other)], [...b, 0.3, -0.3, 0.1, -0.1]),
    ).toBe(2);
    // The face Σx = 4 of the cube is its corner.
    expect(dimensionOf([...A, negative(sum)], [...b, -4])).toBe(0);
    // x₁ ≥ 1 leaves a facet, x₁ + x₂ ≥ 2 an edge fewer.
    expect(dimensionOf([...A, [-1, 0, 0, 0]], [...b, -1])).toBe(3);
    expect(dimensionOf([...A, [-1, -1, 0, 0]], [...b, -2])).toBe(2);
    // x, y, z ≥ 0 of sum 0 in a way no two rows show.
    const corner = [...A, [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0], [1, 1, 1, 0]];
    expect(dimensionOf(corner, [...b, 0, 0, 0, 0])).toBe(1);
  });

  test('its origin, the centre, lies well inside', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...SCALES), (seed, scale) => {
        const inequalities = randomHPolytope(seededRng(seed), 4, 5, scale);
        const { centre, frame } = programmed(inequalities);
        expect(centre).toEqual(new Float64Array(4));
        const room = inequalities.A.map((row, i) =>
          row.reduce((rest, a, k) => rest - a * frame.data[k], inequalities.b[i]),
        );
        expect(Math.min(...room) / scale).toBeGreaterThan(0.01);
      }),
      { numRuns: 20 },
    );
  });

  test('a polytope thinner than rounding lies within the slack, and one a little thicker does not need it', () => {
    const normal = [0.6, 0.3, -0.7];
    const cube = cubeRows(3);
    const slab = (thickness: number) => ({
      A: [...cube.A, normal, normal.map(x => -x)],
      b: [...cube.b, thickness, thickness],
    });
    const thin = programmed(slab(1e-13));
    expect(thin.frame.rows).toBe(3);
    expect(Math.max(...thin.slack)).toBeGreaterThan(1e-13);
    expect(Math.max(...thin.slack)).toBeLessThan(1e-12);
    expect(programmed(slab(1e-9)).frame.rows).toBe(4);
  });
});

describe('against closed forms', () => {
  const COUNT = 20;
  const agree = (region: Region, formula: Region, rng: () => number) => {
    const functionals = randomFunctionals(formula, COUNT, rng);
    const found = region.range(frameValues(region, functionals));
    const expected = formula.range(frameValues(formula, functionals));
    const tolerance = 2 ** -40 * Math.max(...formula.reach(formula.frame));
    expectClose(found.lo, expected.lo, tolerance, 'minimum');
    expectClose(found.hi, expected.hi, tolerance, 'maximum');
  };

  test('a box of 2²⁰ vertices, its sides from 10⁻⁶ to 10⁶, away from 0', () => {
    const rng = seededRng(4);
    const radii = Array.from({ length: 20 }, (_, k) => 10 ** ((12 * k) / 19 - 6));
    const centre = radii.map(r => 3 * r * rng());
    const { A } = cubeRows(20);
    const b = A.map((_, i) => radii[i >> 1] + (i % 2 === 0 ? 1 : -1) * centre[i >> 1]);
    const region = hPolytope(A, b, { programs });
    const upper = b.filter((_, i) => i % 2 === 0);
    const lower = b.filter((_, i) => i % 2 === 1).map(x => -x);
    agree(region, box(lower, upper), rng);
    expect(region.diagonal).toBeDefined();
  });

  test('a cross-polytope by its 256 facets, 128 through each vertex', () => {
    const size = 8;
    const A = Array.from({ length: 2 ** size }, (_, i) =>
      Array.from({ length: size }, (_, k) => ((i >> k) & 1 ? 1 : -1)),
    );
    const centre = randomArray(seededRng(2), size);
    const b = A.map(row => row.reduce((sum, a, k) => sum + a * centre[k], 2));
    agree(programmed({ A, b }), crossPolytope(centre, 2), seededRng(3));
  });

  test('redundant rows, repeated rows and rows of zeros change nothing', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const { A, b } = randomHPolytope(rng, 3, 4);
        const more = {
          A: [[0, 0, 0], ...A, ...A.map(row => row.map(x => 3e7 * x)), ...A],
          b: [0, ...b, ...b.map(x => 3e7 * x), ...b.map(x => x + 1e3)],
        };
        agree(programmed(more), programmed({ A, b }), rng);
      }),
      { numRuns: 10 },
    );
  });
});

test('a column’s range and extremes do not depend on the columns beside it', () => {
  const region = programmed(randomHPolytope(seededRng(8), 5, 20));
  const h = matrix(6, 12, Float64Array.from(randomArray(seededRng(9), 72)));
  const all = region.range(h);
  for (const j of [0, 5, 11]) {
    const one = matrix(
      6,
      1,
      Float64Array.from({ length: 6 }, (_, i) => h.data[i * 12 + j]),
    );
    const { lo, hi } = region.range(one);
    expect([lo[0], hi[0]]).toEqual([all.lo[j], all.hi[j]]);
  }
});

describe('errors', () => {
  const errorOf = (inequalities: Inequalities): PoliceError => {
    try {
      programmed(inequalities);
    } catch (error) {
      expect(error).toBeInstanceOf(PoliceError);
      return error as PoliceError;
    }
    return expect.fail('nothing was thrown');
  };

  test.each([1, 1e-3, 1e-9, 1e-13])(
    'an empty set, by %s of its size, along an axis or not, at any scale',
    gap => {
      for (const scale of SCALES) {
        const { A, b } = cubeRows(3);
        const limits = b.map(x => scale * x);
        for (const row of [
          [1, 0, 0],
          [1, 1, 0],
          [0.3, -0.2, 0.7],
        ]) {
          const inequalities = {
            A: [...A, row, row.map(x => -x)],
            b: [...limits, 0.5 * scale, -0.5 * scale * (1 + gap)],
          };
          const { code, message } = errorOf(inequalities);
          expect(code).toBe('empty-region');
          expect(() => hPolytope(inequalities.A, inequalities.b)).toThrow(message);
        }
      }
    },
  );

  test('an unbounded set is named with a direction, as where vertices are listed', () => {
    for (const scale of SCALES) {
      const { A, b } = cubeRows(3);
      const open = { A: A.slice(1), b: b.slice(1).map(x => scale * x) };
      expect(errorOf(open).message).toBe(
        'hPolytope: expected inequalities that bound every direction, got a region that reaches to infinity along ' +
          '[1, 0, 0]. Add bounds, such as those of the data.',
      );
      expect(() => hPolytope(open.A, open.b)).toThrow(errorOf(open).message);
    }
    expect(errorOf({ A: [[1, 1, 0]], b: [1] }).code).toBe('unbounded-region');
  });

  test('what HiGHS refuses is a PoliceError with its cause', () => {
    const tooLarge = matrixFromRows([[1e18], [-1e18]]);
    expect(() => programs.maximise(tooLarge, Float64Array.of(1, 1), matrixFromRows([[1]]))).toThrow(
      expect.objectContaining({ code: 'no-solution', cause: expect.any(Error) }),
    );
    expect(() => programs.maximise(tooLarge, Float64Array.of(1, Number.NaN), matrixFromRows([[1]]))).toThrow(
      PoliceError,
    );
  });
});

test('rows of very different sizes are no difficulty', () => {
  const region = programmed({
    A: [
      [1e-200, 0],
      [-1, 0],
      [0, 1e200],
      [0, -1],
      [1e100, 1e100],
    ],
    b: [1e-200, 0, 3e200, 0, 1e103],
  });
  const { lo, hi } = region.range(region.frame);
  expectClose([...lo, ...hi], [0, 0, 1, 3], 2 ** -46, 'extents');
});

test('a certificate on such a region holds after a round trip through JSON', () => {
  const rng = seededRng(6);
  const { A, b } = cubeRows(14);
  const cuts = Array.from({ length: 4 }, () => randomArray(rng, 14));
  const sum = new Array<number>(14).fill(1);
  const region = hPolytope(
    [...A, ...cuts, sum, sum.map(x => -x)],
    [...b, ...cuts.map(() => 0.7), 0.25, -0.25],
    { programs },
  );
  expect(region.frame.rows).toBe(14);
  const { network } = freeze(randomNetwork(rng, [14, 8, 2], 'leakyRelu'), [region]);
  const bytes = Uint8Array.of(1, 2, 3);
  const certificate = JSON.parse(JSON.stringify(certificateOf(network, [region], bytes)));
  const again = regionFromJSON(JSON.parse(JSON.stringify(region)), { programs });
  expect(certificateFlaw(certificate, network, [again], bytes)).toBeUndefined();
  const samples = Array.from({ length: 20 }, () => again.sample(rng));
  for (const x of samples) expect(region.contains(x)).toBe(true);
  const corners = pointsAt(again, again.extremes(again.frame, new Int8Array(14).fill(1)));
  for (let j = 0; j < 14; j++) expect(region.contains(rowOf(corners, j))).toBe(true);
});
