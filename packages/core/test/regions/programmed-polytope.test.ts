import {
  box,
  certify,
  enforce,
  forward,
  freeze,
  hPolytope,
  imageUnder,
  type LinearPrograms,
  PoliceError,
  pointsAt,
  type Region,
  regionFromJSON,
  rowOf,
  scaled,
} from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { loadLinearPrograms } from '@police/core/highs';
import {
  activationKinds,
  applyMap,
  expectClose,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { flatHPolytope, randomHPolytope } from '@police/testing/regions/cases';
import { frameValues, randomFunctionals } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { matrixFromRows } from '../../src/numeric/matrix.js';
import { programmedPolytope } from '../../src/regions/programs/programmed-polytope.js';

const programs = await loadLinearPrograms();

/** The tolerance of the solver, on polytopes and functionals of size about 1 and the few vertices of bad condition. */
const SOLVER = 1e-7;

const programmed = ({ A, b }: { A: number[][]; b: number[] }, solver: LinearPrograms = programs) =>
  programmedPolytope(matrixFromRows(A), Float64Array.from(b), solver);

/** −1 ≤ xᵢ ≤ 1 in many dimensions: 2^size vertices. */
function cubeRows(size: number): { A: number[][]; b: number[] } {
  const A = Array.from({ length: 2 * size }, (_, i) =>
    Array.from({ length: size }, (_, k) => (k === i >> 1 ? (i % 2 === 0 ? 1 : -1) : 0)),
  );
  return { A, b: A.map(() => 1) };
}

describe('against all vertices', () => {
  const law = (name: string, check: (region: Region, listed: Region, rng: () => number) => void) =>
    test.each(['solid', 'flat'] as const)(`${name} (%s)`, shape => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 2, max: 4 }), (seed, size) => {
          const rng = seededRng(seed);
          const rows = (shape === 'flat' ? flatHPolytope : randomHPolytope)(rng, size, 4);
          check(programmed(rows), hPolytope(rows.A, rows.b), rng);
        }),
        { numRuns: 25 },
      );
    });

  law('ranges are never short, and hardly long', (region, listed, rng) => {
    const functionals = randomFunctionals(listed, 12, rng);
    const safe = region.range(frameValues(region, functionals));
    const exact = listed.range(frameValues(listed, functionals));
    for (let j = 0; j < 12; j++) {
      // The listed vertices are rounded themselves.
      expect(safe.lo[j]).toBeLessThanOrEqual(exact.lo[j] + 1e-13);
      expect(safe.hi[j]).toBeGreaterThanOrEqual(exact.hi[j] - 1e-13);
    }
    expectClose(safe.lo, exact.lo, SOLVER, 'minimum');
    expectClose(safe.hi, exact.hi, SOLVER, 'maximum');
  });

  law('extremes lie in the region and attain the range', (region, listed, rng) => {
    const functionals = randomFunctionals(listed, 8, rng);
    const h = frameValues(region, functionals);
    const { hi } = region.range(h);
    const points = pointsAt(region, region.extremes(h, new Int8Array(8).fill(1)));
    const values = functionals.map(({ w, b }, j) =>
      rowOf(points, j).reduce((sum, x, k) => sum + w[k] * x, b),
    );
    expectClose(values, hi, SOLVER, 'maximum');
    for (let j = 0; j < 8; j++) expect(listed.contains(rowOf(points, j), SOLVER)).toBe(true);
  });

  law('samples lie in the region, points outside do not, and reach bounds all', (region, listed, rng) => {
    const reach = region.reach(region.frame);
    for (let i = 0; i < 10; i++) {
      const point = region.sample(rng);
      expect(listed.contains(point, SOLVER)).toBe(true);
      expect(region.contains(point, SOLVER)).toBe(true);
      point.forEach((x, k) => {
        expect(Math.abs(x)).toBeLessThanOrEqual(reach[k] + SOLVER);
      });
    }
    expect(region.contains(Array.from(region.frame.data.subarray(0, region.size), x => x + 1e3))).toBe(false);
  });

  law('images contain what their regions do', (region, listed, rng) => {
    const A = Array.from({ length: 2 }, () => randomArray(rng, region.size));
    const image = imageUnder(region, A);
    for (let i = 0; i < 5; i++) {
      const x = listed.sample(rng);
      const y = A.map(row => row.reduce((sum, a, k) => sum + a * x[k], 0));
      expect(image.contains(y, SOLVER)).toBe(true);
      expect(image.contains(y.map(v => v + 1e3))).toBe(false);
    }
  });
});

test('bounds hold whatever the solver says', () => {
  const wrong: LinearPrograms = {
    maximise: (G, g, costs) =>
      programs.maximise(G, g, costs).map(found => {
        if (found.status !== 'optimal') return found;
        return { ...found, y: found.y.map((y, i) => y * 0.9 + (i % 3 === 0 ? 0.01 : 0)) };
      }),
  };
  const rng = seededRng(5);
  const rows = randomHPolytope(rng, 3, 3);
  const listed = hPolytope(rows.A, rows.b);
  const functionals = randomFunctionals(listed, 20, rng);
  const exact = listed.range(frameValues(listed, functionals));
  const region = programmed(rows, wrong);
  const safe = region.range(frameValues(region, functionals));
  safe.hi.forEach((hi, j) => {
    expect(hi).toBeGreaterThanOrEqual(exact.hi[j]);
    expect(safe.lo[j]).toBeLessThanOrEqual(exact.lo[j]);
  });
});

describe('a cube of 2²⁰ vertices', () => {
  const { A, b } = cubeRows(20);
  const region = hPolytope(A, b, { programs });
  const cube = box(new Float64Array(20).fill(-1), new Float64Array(20).fill(1));

  test('ranges as the box it is', () => {
    const functionals = randomFunctionals(cube, 20, seededRng(1));
    const found = region.range(frameValues(region, functionals));
    const expected = cube.range(frameValues(cube, functionals));
    expectClose(found.lo, expected.lo, SOLVER, 'minimum');
    expectClose(found.hi, expected.hi, SOLVER, 'maximum');
  });

  test('is enforced, frozen and certified, cut by more half-spaces', () => {
    const rng = seededRng(3);
    const cuts = Array.from({ length: 10 }, () => randomArray(rng, 20));
    const cut = hPolytope([...A, ...cuts], [...b, ...cuts.map(() => 0.5)], { programs });
    const net = randomNetwork(rng, [20, 12, 8, 2], pick(rng, activationKinds));
    const { network, report } = enforce(net, [cut]);
    expect(report.shifted).toBeGreaterThan(0);
    const frozen = freeze(network, [cut]).network;
    const proof = certify(frozen, [cut]);
    if (!proof.certified) throw new Error(`${proof.layer} unit ${proof.unit}`);
    const points = pointsOf(cut, 20, rng);
    const [{ map, mapError }] = proof.regions;
    expectClose(forward(frozen, points).data, applyMap(map, points), Math.max(...mapError) + 1e-9, 'the map');
    // The smaller the region, the less there is to shift.
    expect(report.totalShift).toBeLessThan(enforce(net, [cube]).report.totalShift);
  });

  test('where no solver was loaded it is refused with the remedy; once one is, nothing need be passed', async () => {
    vi.resetModules();
    const fresh = await import('@police/core');
    expect(() => fresh.hPolytope(A, b)).toThrow(/loadLinearPrograms/);
    expect(() => fresh.regionFromJSON(region.toJSON())).toThrow(/loadLinearPrograms/);
    await (await import('@police/core/highs')).loadLinearPrograms();
    expect(fresh.regionFromJSON(region.toJSON()).toJSON()).toEqual(region.toJSON());
  });

  test('goes through JSON, inside other regions too', () => {
    const inner = scaled(region, 0.5);
    const again = regionFromJSON(JSON.parse(JSON.stringify(inner)), { programs });
    expect(regionsHash([again])).toBe(regionsHash([inner]));
    expect(again.range(again.frame)).toEqual(inner.range(inner.frame));
  });
});

describe('no region at all', () => {
  const { A, b } = cubeRows(16);
  const codeOf = (rows: number[][], limits: number[]) => {
    try {
      programmed({ A: rows, b: limits });
    } catch (error) {
      return (error as PoliceError).code;
    }
    return 'nothing thrown';
  };

  test('empty and unbounded are told apart', () => {
    expect(codeOf([...A, A[0]], [...b, -2])).toBe('empty-region');
    expect(codeOf(A.slice(1), b.slice(1))).toBe('unbounded-region');
  });

  test('a solver that fails is an error', () => {
    const failing: LinearPrograms = {
      maximise: () => {
        throw new PoliceError({ code: 'no-solution', where: 'x', expected: 'y', actual: 'z' });
      },
    };
    expect(() => programmed({ A, b }, failing)).toThrow(expect.objectContaining({ code: 'no-solution' }));
  });
});
