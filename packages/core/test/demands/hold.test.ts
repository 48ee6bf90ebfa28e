import {
  type AffineMap,
  type Demand,
  demandFromJSON,
  demands,
  matrix,
  matrixFromRows,
  type Region,
  type Rng,
} from '@police/core';
import { DemandHolder } from '@police/core/adapter';
import {
  along,
  demandKinds,
  excessOf,
  feasibleMap,
  type RandomDemand,
  randomDemand,
} from '@police/testing/demands';
import { pick, randomArray, randomRegions, runs, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** What the alternating directions leave, relative to the numbers; closed forms leave less. */
const CONVERGED = 2 ** -32;

const randomMap = (rng: Rng, n: number): AffineMap => ({
  A: matrixFromRows(Array.from({ length: n }, () => randomArray(rng, n, 2))),
  b: Float64Array.from(randomArray(rng, n, 2)),
});

const sizeOf = ({ A, b }: AffineMap) => Math.max(1, ...A.data.map(Math.abs), ...b.map(Math.abs));

/** The point that a holder measures distances of, through its own doors. */
function coordinates({ space }: DemandHolder, { A, b }: AffineMap): Float64Array {
  const values = b.map((v, j) => {
    let value = v;
    for (let k = 0; k < A.cols; k++) value += A.data[j * A.cols + k] * space.centre[k];
    return value / space.radius;
  });
  return Float64Array.of(...A.data, ...values);
}

const difference = (a: Float64Array, b: Float64Array) => a.map((x, i) => x - b[i]);
const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function setting(
  seed: number,
  kind: (typeof demandKinds)[number],
): { rng: Rng; region: Region; random: RandomDemand } {
  const rng = seededRng(seed);
  const [region] = randomRegions(rng, 2 + Math.floor(rng() * 2), 1);
  return { rng, region, random: randomDemand(rng, kind, region) };
}

describe.each(demandKinds)('%s', kind => {
  test('the map found meets the demand, stays where it does, and is the nearest', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { rng, region, random } = setting(seed, kind);
        const holder = new DemandHolder(random.demand, region, region.size);
        const given = randomMap(rng, region.size);
        const { map } = holder.hold(given);
        const tolerance =
          CONVERGED * sizeOf(given) * sizeOf(map) * Math.max(1, ...region.reach(region.frame));
        expect(excessOf(random.demand, map, region)).toBeLessThanOrEqual(tolerance);
        const point = coordinates(holder, map);
        const again = coordinates(holder, holder.hold(map).map);
        expect(Math.max(...difference(point, again).map(Math.abs))).toBeLessThanOrEqual(tolerance);
        // Of a convex set the nearest point p to z is the one with (z − p)·(y − p) ≤ 0 for all y of the set.
        const outward = difference(coordinates(holder, given), point);
        for (let i = 0; i < 8; i++) {
          const y = coordinates(holder, feasibleMap(rng, random, region));
          const toY = difference(y, point);
          expect(inner(outward, toY)).toBeLessThanOrEqual(
            tolerance * (1 + Math.sqrt(inner(toY, toY)) * Math.sqrt(inner(outward, outward))),
          );
        }
        const inside = feasibleMap(rng, random, region);
        const kept = coordinates(holder, holder.hold(inside).map);
        expect(Math.max(...difference(kept, coordinates(holder, inside)).map(Math.abs))).toBeLessThanOrEqual(
          tolerance * sizeOf(inside),
        );
      }),
      { numRuns: runs(25) },
    );
  });

  test('gradients are finite differences', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { rng, region, random } = setting(seed, kind);
        const holder = new DemandHolder(random.demand, region, region.size);
        const given = randomMap(rng, region.size);
        const [weights, way] = [randomMap(rng, region.size), randomMap(rng, region.size)];
        const loss = (map: AffineMap) => inner(map.A.data, weights.A.data) + inner(map.b, weights.b);
        const at = (t: number) => loss(holder.hold(along(given, way, t)).map);
        const slopes = [2 ** -14, -(2 ** -14)].map(t => (at(t) - at(0)) / t);
        const { A, b } = holder.hold(given).pullback(weights);
        const slope = inner(A.data, way.A.data) + inner(b, way.b);
        // At a kink the slope lies between those of its sides; elsewhere they agree up to curvature.
        const scale = 1 + Math.abs(slope) + Math.max(...slopes.map(Math.abs));
        expect(slope).toBeGreaterThanOrEqual(Math.min(...slopes) - 2 ** -8 * scale);
        expect(slope).toBeLessThanOrEqual(Math.max(...slopes) + 2 ** -8 * scale);
      }),
      { numRuns: runs(25) },
    );
  });

  test('survives JSON', () => {
    const { random } = setting(7, kind);
    expect(demandFromJSON(JSON.parse(JSON.stringify(random.demand)))).toEqual(random.demand);
  });
});

/** Dykstra's algorithm over the parts, each by its own holder: slow, and another method than the one under test. */
function dykstra(parts: readonly Demand[], region: Region, given: AffineMap, rounds: number): AffineMap {
  const holders = parts.map(part => new DemandHolder(part, region, given.A.rows));
  const zero = { A: matrix(given.A.rows, given.A.cols), b: new Float64Array(given.b.length) };
  let x = given;
  const corrections: AffineMap[] = parts.map(() => zero);
  for (let round = 0; round < rounds; round++) {
    holders.forEach((holder, i) => {
      const moved = along(x, corrections[i], 1);
      x = holder.hold(moved).map;
      corrections[i] = along(moved, x, -1);
    });
  }
  return x;
}

describe('intersections', () => {
  const parts: ((rng: Rng, n: number) => Demand)[] = [
    (_, n) =>
      demands.monotone(
        Array.from({ length: n }, () => Array.from({ length: n }, (_, k) => (k === 0 ? 1 : 0))),
      ),
    () => demands.lipschitz(0.7),
    () => demands.lipschitz(1.1, 'infinity'),
    (_, n) => demands.rowSums(Array.from({ length: n }, () => 0.5)),
    () => demands.symmetric(),
    () => demands.dissipative(-1.4),
    (_, n) =>
      demands.rowLipschitz(
        Array.from({ length: n }, () => 0.8),
        1,
      ),
  ];

  test('the nearest map is that of Dykstra’s algorithm', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 2, 1);
        const chosen = [pick(rng, parts), pick(rng, parts), pick(rng, parts)].map(make => make(rng, 2));
        const holder = new DemandHolder(demands.all(...chosen), region, 2);
        const given = randomMap(rng, 2);
        const found = coordinates(holder, holder.hold(given).map);
        const slow = coordinates(holder, dykstra(chosen, region, given, 4000));
        // Dykstra's own convergence is sublinear where sets touch.
        expect(Math.max(...difference(found, slow).map(Math.abs))).toBeLessThanOrEqual(
          2 ** -9 * sizeOf(given),
        );
      }),
      { numRuns: runs(25) },
    );
  });

  test('gradients through several sets are finite differences', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 2, 1);
        const chosen = [pick(rng, parts), pick(rng, parts)].map(make => make(rng, 2));
        const holder = new DemandHolder(demands.all(...chosen), region, 2);
        const given = randomMap(rng, 2);
        const [weights, way] = [randomMap(rng, 2), randomMap(rng, 2)];
        const loss = (map: AffineMap) => inner(map.A.data, weights.A.data) + inner(map.b, weights.b);
        const at = (t: number) => loss(holder.hold(along(given, way, t)).map);
        const slopes = [2 ** -14, -(2 ** -14)].map(t => (at(t) - at(0)) / t);
        const { A, b } = holder.hold(given).pullback(weights);
        const slope = inner(A.data, way.A.data) + inner(b, way.b);
        const scale = 1 + Math.abs(slope) + Math.max(...slopes.map(Math.abs));
        expect(slope).toBeGreaterThanOrEqual(Math.min(...slopes) - 2 ** -8 * scale);
        expect(slope).toBeLessThanOrEqual(Math.max(...slopes) + 2 ** -8 * scale);
      }),
      { numRuns: runs(25) },
    );
  });
});
