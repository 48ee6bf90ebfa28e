import {
  ball,
  box,
  boxAround,
  chain,
  decide,
  dense,
  enforce,
  float32,
  freeze,
  type LinearInequality,
  type LinearTerm,
  leakyRelu,
  type Network,
  type NetworkNode,
  network,
  type Query,
  type QueryDecision,
  type Region,
  type Rng,
  relu,
} from '@police/core';
import { roundNetwork } from '@police/core/adapter';
import { loadLinearPrograms } from '@police/core/highs';
import { exactForward } from '@police/testing/exact/forward';
import { exactPointOf } from '@police/testing/exact/points';
import {
  add,
  approximate,
  compare,
  type Dyadic,
  exact,
  multiply,
  zero,
} from '@police/testing/exact/rational';
import type { ExactRow } from '@police/testing/exact/region';
import { float32Forward } from '@police/testing/float32-forward';
import { randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  makeRegion,
  pick,
  randomArray,
  randomNetwork,
  regionKinds,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { moreRegionNames, moreRegions } from '@police/testing/regions/cases';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(async () => {
  await loadLinearPrograms();
});

function anyRegion(rng: Rng): Region {
  const scale = 10 ** (2 * rng() - 2);
  return rng() < 0.6
    ? makeRegion(pick(rng, regionKinds), 4, rng, scale)
    : moreRegions[pick(rng, moreRegionNames)](rng, scale);
}

/** Small networks, half of them affine on the region. */
function anyNetwork(rng: Rng, region: Region): Network {
  const net =
    rng() < 0.3
      ? randomGraph(rng, region.size, 3)
      : randomNetwork(rng, [region.size, 6, 3], pick(rng, activationKinds));
  if (rng() < 0.5) return rng() < 0.5 ? net : roundNetwork(net, float32);
  return freeze(enforce(net, [region]).network, [region]).network;
}

/** The left side of an inequality at a point, over the point's weight. */
function leftSide(
  { inputs = [], outputs = [] }: LinearInequality,
  x: ExactRow,
  y: readonly Dyadic[],
): Dyadic {
  const terms = [
    ...inputs.map(({ index, coefficient }) => multiply(exact(coefficient), x.coordinates[index])),
    ...outputs.map(({ index, coefficient }) => multiply(exact(coefficient), y[index])),
  ];
  return terms.reduce(add, zero);
}

function holds(row: LinearInequality, x: ExactRow, y: readonly Dyadic[]): boolean {
  const order = compare(leftSide(row, x, y), multiply(exact(row.bound), x.weight));
  return row.isStrict ? order < 0 : order <= 0;
}

/** Inequalities whose bounds are their values at points of the region, moved a little either way or not at all. */
function anyQuery(rng: Rng, net: Network, region: Region): Query {
  const row = (): LinearInequality => {
    const terms = (size: number): LinearTerm[] =>
      randomArray(rng, size).flatMap((coefficient, index) => (rng() < 0.7 ? [{ index, coefficient }] : []));
    const inequality = {
      ...(rng() < 0.3 ? { inputs: terms(region.size) } : {}),
      outputs: terms(net.outputSize),
      isStrict: rng() < 0.3,
    };
    const point = exactPointOf(region.toJSON(), rng);
    const value = leftSide({ ...inequality, bound: 0 }, point, exactForward(net, point));
    const bound = approximate(value) / approximate(point.weight);
    return { ...inequality, bound: bound + (rng() - 0.8) * 10 ** -Math.floor(4 * rng()) };
  };
  const conjuncts = Array.from({ length: 1 + Math.floor(3 * rng()) }, () =>
    Array.from({ length: Math.floor(4 * rng()) + (rng() < 0.05 ? 0 : 1) }, row),
  );
  return [{ region, conjuncts }];
}

const exactly = (x: Float64Array): ExactRow => ({ weight: exact(1), coordinates: Array.from(x, exact) });

describe('decide', () => {
  test('never unsat where exact arithmetic finds a violation, and sat where it agrees', {
    timeout: 60_000 * runs(1),
  }, () => {
    const counts = { unsat: 0, sat: 0, unknown: 0, affine: 0, undecidedAffine: 0 };
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = anyRegion(rng);
        const net = anyNetwork(rng, region);
        const query = anyQuery(rng, net, region);
        const decision = decide(net, query, { samples: 32 });
        counts[decision.answer]++;
        const [{ isAffine }] = decision.cases;
        if (isAffine) counts.affine++;
        if (isAffine && decision.answer === 'unknown') counts.undecidedAffine++;
        const [{ conjuncts }] = query;
        if (decision.point) {
          expect(region.contains(decision.point)).toBe(true);
          const x = exactly(decision.point);
          const y = exactForward(net, x);
          expect(conjuncts.some(rows => rows.every(row => holds(row, x, y)))).toBe(true);
        }
        // Also where another conjunct is sat: no conjunct is called unsat that is not.
        const unsat = decision.cases[0].conjuncts.flatMap(({ answer }, i) => (answer === 'unsat' ? [i] : []));
        if (unsat.length === 0) return;
        for (let i = 0; i < 24; i++) {
          const x = exactPointOf(region.toJSON(), rng);
          const y = exactForward(net, x);
          for (const c of unsat)
            expect(
              conjuncts[c].every(row => holds(row, x, y)),
              `conjunct ${c}`,
            ).toBe(false);
        }
      }),
      { numRuns: runs(200) },
    );
    expect(counts.unsat).toBeGreaterThan(20);
    expect(counts.sat).toBeGreaterThan(20);
    // What is affine is decided but for bounds as near to the extremes as rounding.
    expect(counts.undecidedAffine).toBeLessThanOrEqual(counts.affine / 20);
  });

  test('of float32 the answer is that of runtimes, whatever their order of summation', () => {
    let decided = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = box([-1, -0.5, 0], [1, 0.5, 1]);
        const plain = roundNetwork(randomNetwork(rng, [3, 6, 3], pick(rng, activationKinds)), float32);
        const net = rng() < 0.5 ? plain : freeze(enforce(plain, [region]).network, [region]).network;
        const query = anyQuery(rng, net, region);
        const [{ conjuncts }] = query;
        const { answer, point } = decide(net, query, { arithmetic: 'float32' });
        if (answer === 'unknown') return;
        decided++;
        const order = pick(rng, ['forwards', 'backwards', 'pairwise'] as const);
        const isHit = (x: Float64Array) => {
          const y = exactly(float32Forward(net, { rows: 1, cols: 3, data: x }, order).data).coordinates;
          return conjuncts.some(rows => rows.every(row => holds(row, exactly(x), y)));
        };
        if (point) {
          expect(point).toEqual(point.map(Math.fround));
          expect(isHit(point)).toBe(true);
        } else for (let i = 0; i < 50; i++) expect(isHit(region.sample(rng).map(Math.fround))).toBe(false);
      }),
      { numRuns: runs(60) },
    );
    expect(decided).toBeGreaterThan(30);
  });

  const y = (coefficients: readonly number[], bound: number, isStrict = false): LinearInequality => ({
    outputs: coefficients.map((coefficient, index) => ({ index, coefficient })),
    bound,
    isStrict,
  });
  const ask = (net: Network, region: Region, ...conjuncts: LinearInequality[][]): QueryDecision =>
    decide(net, [{ region, conjuncts }]);
  const identity = (size: number): Network =>
    chain(size, [
      dense(Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, k) => Number(i === k)))),
    ]);

  test('rows that each hold somewhere but nowhere together are refuted by weights', () => {
    // x₀ + x₁ ≥ 1.5, x₀ − x₁ ≥ 0.25 and x₀ ≤ 0.8 hold nowhere together, but any two of them do.
    const rows = [y([-1, -1], -1.5), y([-1, 1], -0.25), y([1, 0], 0.8)];
    const region = boxAround([0, 0], 1);
    expect(ask(identity(2), region, rows).answer).toBe('unsat');
    for (const left of [0, 1, 2])
      expect(
        ask(
          identity(2),
          region,
          rows.filter((_, i) => i !== left),
        ).answer,
        `without row ${left}`,
      ).toBe('sat');
  });

  test('curved regions: tangents are refuted, what they touch from outside is found', () => {
    const disc = ball([0, 0], 1);
    const corner = (r: number) => [y([-1, 0], -r), y([0, -1], -r)];
    expect(ask(identity(2), disc, corner(Math.SQRT1_2 + 1e-6)).answer).toBe('unsat');
    expect(ask(identity(2), disc, corner(Math.SQRT1_2 - 1e-6)).answer).toBe('sat');
  });

  test('strict and not: an exact zero is below 0 nowhere, and at most 0 everywhere', () => {
    const dead = chain(1, [dense([[1]], [-5]), relu(), dense([[3]])]);
    expect(ask(dead, box([-1], [1]), [y([1], 0, true)]).answer).toBe('unsat');
    expect(ask(dead, box([-1], [1]), [y([1], 0)]).answer).toBe('sat');
    expect(ask(dead, box([-1], [1]), [y([-1], 0, true)]).answer).toBe('unsat');
  });

  test('where the network bends: bounds refute, steps along affine pieces find', () => {
    // A peak of height 1 and width 2⁻⁷ at 1/3.
    const w = 2 ** 8;
    const peak = chain(1, [
      dense([[w], [w], [w]], [1 - w / 3, -w / 3, -1 - w / 3]),
      relu(),
      dense([[1, -2, 1]]),
    ]);
    const region = box([0], [1]);
    const high = [y([-1], -1000)];
    expect(ask(peak, region, high)).toMatchObject({ answer: 'unsat', cases: [{ isAffine: false }] });
    const tilted = chain(1, [dense([[1], [-1]], [0, 0.5]), leakyRelu(0.1), dense([[1, -3]])]);
    const { answer, point } = decide(tilted, [{ region, conjuncts: [[y([-1], -0.999)]] }], { samples: 1 });
    expect(answer).toBe('sat');
    expect(point![0]).toBeGreaterThan(0.9);
  });

  test('inputs and outputs mix, several cases and conjuncts are alternatives, no inequality always holds', () => {
    const net = identity(1);
    const above = (by: number): LinearInequality => ({
      inputs: [{ index: 0, coefficient: 1 }],
      outputs: [{ index: 0, coefficient: -1 }],
      bound: -by,
    });
    expect(ask(net, box([0], [1]), [above(0.5)]).answer).toBe('unsat');
    expect(ask(net, box([0], [1]), [above(0.5)], [above(-0.5)]).answer).toBe('sat');
    expect(ask(net, box([0], [1]), []).answer).toBe('sat');
    expect(ask(net, box([0], [1])).answer).toBe('unsat');
    const query: Query = [
      { region: box([0], [1]), conjuncts: [[y([1], -1)]] },
      { region: box([-3], [-2]), conjuncts: [[y([1], -1)]] },
    ];
    const decision = decide(net, query);
    expect(decision).toMatchObject({ answer: 'sat', cases: [{ conjuncts: [{ answer: 'unsat' }] }, {}] });
  });

  test('of a part that is not read only what holds it tells', () => {
    const f: NetworkNode = { kind: 'opaque', name: 'f', inputs: ['x'], size: 1 };
    const alone = network([{ kind: 'input', name: 'x', size: 1 }, f]);
    const region = box([0], [1]);
    for (const arithmetic of ['exact', 'float32'] as const) {
      const asked: Query = [{ region, conjuncts: [[y([1], 0)]] }];
      expect(decide(alone, asked, { arithmetic })).toMatchObject({ answer: 'unknown' });
      const held = network([
        ...alone.nodes,
        { kind: 'affine', name: 'c', input: 'x', operator: dense([[1]], [2]) },
        { kind: 'affine', name: 'r', input: 'x', operator: dense([[0]]) },
        { kind: 'clamp', name: 'y', inputs: ['f', 'c', 'r'] },
      ]);
      expect(decide(held, asked, { arithmetic })).toMatchObject({ answer: 'unsat' });
      const low: Query = [{ region, conjuncts: [[y([1], 2.5)]] }];
      expect(decide(held, low, { arithmetic })).toMatchObject({ answer: 'sat' });
    }
  });

  test('stops when it is told to', () => {
    const query: Query = [{ region: box([0], [1]), conjuncts: [[y([1], -1)]] }];
    expect(decide(identity(1), query, { isStopped: () => true })).toEqual({
      answer: 'unknown',
      cases: [],
      isStopped: true,
    });
  });

  test('refuses inequalities of what is not there', () => {
    const region = box([0], [1]);
    expect(() => ask(identity(1), region, [y([1, 1], 0)])).toThrow(/below 1/);
    const twice = {
      outputs: [
        { index: 0, coefficient: 1 },
        { index: 0, coefficient: 1 },
      ],
      bound: 0,
    };
    expect(() => ask(identity(1), region, [twice])).toThrow(/twice/);
    expect(() => ask(identity(1), region, [y([Number.NaN], 0)])).toThrow();
  });
});
