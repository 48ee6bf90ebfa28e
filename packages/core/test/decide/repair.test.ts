import {
  box,
  boxAround,
  chain,
  decide,
  dense,
  forward,
  type LinearInequality,
  matrixFromRows,
  PoliceError,
  type Query,
  repair,
  rowOf,
} from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { exactForward } from '@police/testing/exact/forward';
import { exactPointOf } from '@police/testing/exact/points';
import { add, compare, exact, multiply } from '@police/testing/exact/rational';
import {
  activationKinds,
  makeRegion,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ConstrainedFitter } from '../../src/decide/constrained-fit.js';

beforeAll(async () => {
  await loadLinearPrograms();
});

const SOLIDS = ['simplex', 'box', 'ball', 'crossPolytope'] as const;

/** Output 0 at most its value at a random point: violated on about half of the region. */
function halfUnsafe(rng: () => number, at: Float64Array): LinearInequality {
  const [a, b] = randomArray(rng, 2);
  return {
    outputs: [
      { index: 0, coefficient: a },
      { index: 1, coefficient: b },
    ],
    bound: a * at[0] + b * at[1],
  };
}

describe('ConstrainedFitter', () => {
  test('meets the constraints all over the region, at the least change that does', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, SOLIDS), 3, rng);
        const points = pointsOf(region, 60, rng);
        const values = forward(randomNetwork(rng, [3, 6, 2], pick(rng, activationKinds)), points);
        const fitter = new ConstrainedFitter(region, points, values);
        const free = fitter.fit([])!;
        const avoided = [halfUnsafe(rng, rowOf(values, 0))].map(row => ({ row, margin: 1e-3 }));
        const found = fitter.fit(avoided);
        if (!found) throw new Error('one half-space of the outputs can always be met');
        const rowAt = (A: readonly number[], i: number, { map }: typeof found): number => {
          const x = rowOf(points, i);
          const y = [0, 1].map(j => rowOf(map.A, j).reduce((sum, a, k) => sum + a * x[k], map.b[j]));
          return A[0] * y[0] + A[1] * y[1];
        };
        const [{ row }] = avoided;
        const weights = row.outputs!.map(({ coefficient }) => coefficient);
        for (let i = 0; i < points.rows; i++)
          expect(rowAt(weights, i, found)).toBeGreaterThanOrEqual(row.bound);
        const distance = (map: typeof found.map) => {
          let sum = 0;
          for (let i = 0; i < points.rows; i++) {
            for (let j = 0; j < 2; j++) {
              const x = rowOf(points, i);
              const at = (m: typeof map) => rowOf(m.A, j).reduce((s, a, k) => s + a * x[k], m.b[j]);
              sum += (at(map) - at(free.map)) ** 2;
            }
          }
          return Math.sqrt(sum / points.rows);
        };
        expect(found.cost).toBeCloseTo(distance(found.map), 6);
        // Any other map that meets them differs from the best fit by as much: here, moved at random and then lifted far enough.
        for (let trial = 0; trial < 20; trial++) {
          const A = found.map.A.data.map(a => a + (2 * rng() - 1) * 10 ** (-3 * rng()));
          const other = { A: { ...found.map.A, data: A }, b: found.map.b.slice() };
          const h = matrixFromRows(
            Array.from({ length: region.frame.rows }, (_, i) => {
              const x = rowOf(region.frame, i);
              const value = weights.reduce(
                (sum, w, j) =>
                  sum + w * rowOf(other.A, j).reduce((s, a, k) => s + a * x[k], i === 0 ? other.b[j] : 0),
                0,
              );
              return [value];
            }),
          );
          const short = row.bound + 1e-3 - region.range(h).lo[0];
          const square = weights.reduce((sum, w) => sum + w * w, 0);
          weights.forEach((w, j) => {
            other.b[j] += (w * short) / square;
          });
          expect(distance(other)).toBeGreaterThanOrEqual(found.cost * (1 - 1e-6) - 1e-3);
        }
      }),
      { numRuns: runs(40) },
    );
  });
});

describe('repair', () => {
  test('afterwards nothing satisfies the query, in exact arithmetic too', {
    timeout: 120_000 * runs(1),
  }, () => {
    let repaired = 0;
    fc.assert(
      fc.property(seeds, fc.constantFrom('exact' as const, 'float32' as const), (seed, arithmetic) => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, SOLIDS), 3, rng);
        const net = randomNetwork(rng, [3, 6, 2], pick(rng, activationKinds));
        const values = forward(net, pointsOf(region, 3, rng));
        const conjuncts = Array.from({ length: 1 + Math.floor(2 * rng()) }, () =>
          Array.from({ length: 1 + Math.floor(2 * rng()) }, (_, i) => halfUnsafe(rng, rowOf(values, i))),
        );
        const query: Query = [{ region, conjuncts }];
        const options = { arithmetic, samples: 32 };
        let found: ReturnType<typeof repair>;
        try {
          found = repair(net, query, options);
        } catch (error) {
          // Half-spaces of two conjuncts may leave nothing.
          if (error instanceof PoliceError && error.code === 'infeasible-target' && conjuncts.length > 1)
            return;
          throw error;
        }
        expect(decide(found.network, query, options).answer).toBe('unsat');
        if (!found.patched) {
          expect(found.network).toBe(net);
          return;
        }
        repaired++;
        for (let i = 0; i < 16; i++) {
          const x = exactPointOf(region.toJSON(), rng);
          const y = exactForward(found.network, x);
          for (const rows of conjuncts) {
            const isHit = rows.every(({ outputs = [], bound }) => {
              const left = outputs.map(({ index, coefficient }) => multiply(exact(coefficient), y[index]));
              return (
                compare(
                  left.reduce((a, b) => add(a, b)),
                  multiply(exact(bound), x.weight),
                ) <= 0
              );
            });
            expect(isHit).toBe(false);
          }
        }
      }),
      { numRuns: runs(30) },
    );
    expect(repaired).toBeGreaterThan(10);
  });

  const atLeast = (index: number, bound: number): LinearInequality => ({
    outputs: [{ index, coefficient: -1 }],
    bound: -bound,
  });
  const identity = chain(2, [
    dense([
      [1, 0],
      [0, 1],
    ]),
  ]);

  test('takes the cheaper way out of a conjunct, and the only one that both conjuncts leave', () => {
    const region = box([0, 0], [1, 1]);
    // Both outputs at least 0.9 and 0.2: lowering output 0 a little is cheaper than output 1 a lot.
    const one = repair(identity, [{ region, conjuncts: [[atLeast(0, 0.9), atLeast(1, 0.2)]] }]);
    const [{ map }] = one.patched!.regions;
    const largest = (j: number, m = map) =>
      m.b[j] + rowOf(m.A, j).reduce((sum, a) => sum + Math.max(0, a), 0);
    expect(largest(0)).toBeLessThan(0.9);
    expect(largest(1)).toBeCloseTo(1, 3);
    // Now the first way is barred: output 0 may not be below 0.95 either.
    const below = { outputs: [{ index: 0, coefficient: 1 }], bound: 0.95 };
    const both = repair(identity, [{ region, conjuncts: [[atLeast(0, 0.9), atLeast(1, 0.2)], [below]] }]);
    expect(largest(1, both.patched!.regions[0].map)).toBeLessThan(0.2);
  });

  test('several regions are repaired apart, those that are proved already left alone', () => {
    const regions = [boxAround([0, 0], 1), boxAround([10, 0], 1), boxAround([0, 10], 1)];
    const query: Query = regions.map(region => ({ region, conjuncts: [[atLeast(0, 0.5)]] }));
    const { cases, decision, network } = repair(identity, query);
    expect(cases).toEqual([0, 1, 2]);
    expect(decision.answer).toBe('unsat');
    const high: Query = regions.map(region => ({ region, conjuncts: [[atLeast(0, 5)]] }));
    expect(repair(identity, high).cases).toEqual([1]);
    expect(repair(network, query).network).toBe(network);
  });

  test('says where no map does', () => {
    const region = box([0, 0], [1, 1]);
    const always: LinearInequality = { inputs: [{ index: 0, coefficient: 1 }], bound: 2 };
    expect(() => repair(identity, [{ region, conjuncts: [[always]] }])).toThrow(/none/);
    const never = [[atLeast(0, 0.5)], [{ outputs: [{ index: 0, coefficient: 1 }], bound: 0.5 }]];
    expect(() => repair(identity, [{ region, conjuncts: never }])).toThrow(/none/);
  });
});
