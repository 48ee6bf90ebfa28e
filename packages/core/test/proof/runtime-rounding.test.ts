import {
  box,
  type Certified,
  certify,
  chain,
  dense,
  enforce,
  freeze,
  type Network,
  pointsAt,
  type Region,
  relu,
} from '@police/core';
import { inputsOf, UNRESOLVED, walk } from '@police/core/adapter';
import { float32Forward, type SummationOrder } from '@police/testing/float32-forward';
import { randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  applyMap,
  pick,
  pointsOf,
  randomFrames,
  randomNetwork,
  randomRegions,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const orders: readonly SummationOrder[] = ['forwards', 'backwards', 'pairwise'];

function certified(net: Network, regions: readonly Region[]): Certified {
  const proof = certify(net, regions);
  if (!proof.certified) throw new Error(`not certified: ${proof.layer}`);
  return proof;
}

/** Extreme points of random directions, where sums are largest, and some inside. */
function probes(region: Region, rng: () => number) {
  const directions = randomFrames([region], 8, rng)[0];
  const corners = pointsAt(region, region.extremes(directions, new Int8Array(8).fill(1)));
  const inside = pointsOf(region, 4, rng);
  return { ...corners, rows: 12, data: Float64Array.of(...corners.data, ...inside.data) };
}

test.each(['float32', 'exact'] as const)(
  'clearance %s: inference in any order of summation stays within the bound of the map',
  clearance => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...orders), (seed, order) => {
        const rng = seededRng(seed);
        const net =
          rng() < 0.5
            ? randomGraph(rng, 3, 2)
            : randomNetwork(rng, [3, 10, 8, 2], pick(rng, activationKinds));
        const regions = randomRegions(rng, 3, 1 + Math.floor(2 * rng()));
        const { network } = freeze(enforce(net, regions).network, regions, { clearance });
        const { regions: proofs } = certified(network, regions);
        regions.forEach((region, r) => {
          const points = probes(region, rng);
          const expected = applyMap(proofs[r].map, points);
          float32Forward(network, points, order).data.forEach((y, i) => {
            const j = i % net.outputSize;
            const bound = proofs[r].inferenceError[j] + proofs[r].mapError[j];
            expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(bound);
          });
        });
      }),
      { numRuns: 60 },
    );
  },
);

test('with clearance, what is flat in exact arithmetic is flat in the runtime', () => {
  let units = 0;
  fc.assert(
    fc.property(seeds, fc.constantFrom(...orders), (seed, order) => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 12, 12, 2], 'leakyRelu');
      const [region] = randomRegions(rng, 3, 1);
      const { network } = freeze(enforce(net, [region]).network, [region]);
      const { values } = float32Forward(network, probes(region, rng), order);
      for (const node of network.nodes.filter(({ kind }) => kind === 'activation')) {
        const [input] = inputsOf(node);
        values[0].get(input)!.forEach((_, j) => {
          units++;
          const sides = new Set(values.map(each => each.get(input)![j] > 0));
          expect(sides.size, `${node.name} unit ${j}`).toBe(1);
        });
      }
    }),
    { numRuns: 60 },
  );
  expect(units).toBeGreaterThan(1000);
});

/** The bound that products of |W| give: one layer's errors through the next, and so on. */
function boundByProducts(net: Network, region: Region): number {
  const u = 2 ** -24;
  const values = walk<{ reach: number[]; error: number[] }>(net, {
    ...UNRESOLVED,
    input: () => {
      const reach = Array.from(region.reach(region.frame));
      return { reach, error: reach.map(x => u * x) };
    },
    affine: ({ operator }, [x]) => {
      const through = (row: number[]) =>
        operator.magnitude({ rows: 1, cols: row.length, data: Float64Array.from(row) }).data;
      const reach = Array.from(through(x.reach), (m, j) => m + Math.abs(operator.bias[j]));
      return { reach, error: Array.from(through(x.error), (e, j) => e + operator.terms * u * reach[j]) };
    },
    activation: (_node, [x]) => x,
    sum: () => ({ reach: [], error: [] }),
    concat: () => ({ reach: [], error: [] }),
    max: () => ({ reach: [], error: [] }),
  });
  return Math.max(...values.get(net.nodes.at(-1)!.name)!.error);
}

test('rounding takes the way of the actual Jacobian: a deep network’s bound is a small part of what products of |W| give', () => {
  const rng = seededRng(3);
  const net = randomNetwork(rng, [4, ...new Array<number>(8).fill(24), 2], 'relu');
  const region = box([-0.1, -0.1, -0.1, -0.1], [0.1, 0.1, 0.1, 0.1]);
  const { network } = freeze(enforce(net, [region]).network, [region]);
  const [{ inferenceError, coarse }] = certified(network, [region]).regions;
  expect(coarse).toBeUndefined();
  expect(Math.max(...inferenceError)).toBeLessThan(0.05 * boundByProducts(network, region));
});

test('a number beyond float32 on the way makes the bound infinite, and the node is named', () => {
  const scale = (factor: number) => dense([[factor]]);
  const net = chain(1, [scale(1e30), scale(1e30), scale(1e-30), scale(1e-30)]);
  const region = box([-1], [1]);
  const [proof] = certified(freeze(net, [region]).network, [region]).regions;
  expect(proof.overflow).toBe('affine_2');
  expect(proof.inferenceError[0]).toBe(Number.POSITIVE_INFINITY);
  const tame = chain(1, [scale(1e30), scale(1e-30), scale(1e30), scale(1e-30)]);
  const [fine] = certified(freeze(tame, [region]).network, [region]).regions;
  expect(fine.overflow).toBeUndefined();
  expect(fine.inferenceError[0]).toBeLessThan(1e-6);
});

test('sums that overflow on the way count, though their total does not', () => {
  const net = chain(1, [dense([[2e38], [2e38], [-2e38], [-2e38]]), dense([[1, 1, 1, 1]])]);
  const region = box([0.5], [1]);
  expect(certified(freeze(net, [region]).network, [region]).regions[0].overflow).toBe('affine_2');
});

test('where a Jacobian would take too long, the node is named and the bound is coarse but sound', () => {
  const rng = seededRng(5);
  const net = chain(2, [
    dense(Array.from({ length: 1400 }, () => [rng() - 0.5, rng() - 0.5])),
    relu(),
    dense(Array.from({ length: 1400 }, () => Float64Array.from({ length: 1400 }, () => (rng() - 0.5) / 40))),
    relu(),
    dense(Array.from({ length: 1400 }, () => Float64Array.from({ length: 1400 }, () => (rng() - 0.5) / 40))),
  ]);
  const region = box([0.1, 0.1], [0.2, 0.2]);
  const { network } = freeze(enforce(net, [region]).network, [region]);
  const [{ map, inferenceError, mapError, coarse }] = certified(network, [region]).regions;
  expect(coarse).toBe('affine_5');
  const points = probes(region, rng);
  const expected = applyMap(map, points);
  float32Forward(network, points).data.forEach((y, i) => {
    const j = i % net.outputSize;
    expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(inferenceError[j] + mapError[j]);
  });
});

test('a bound beyond float32 that only products of |W| make is no bound, and no overflow', () => {
  const width = 600;
  // Equal inputs stay as they are, by large weights that cancel.
  const layer = dense(
    Array.from({ length: width }, () =>
      Float64Array.from({ length: width }, (_, j) => (j % 2 === 0 ? 3000 : -3000) + 1 / width),
    ),
  );
  const net = chain(1, [dense(Array.from({ length: width }, () => [1])), ...new Array(7).fill(layer)]);
  const region = box([0.5], [0.5]);
  const [proof] = certified(net, [region]).regions;
  expect(proof.coarse).toBeDefined();
  expect(proof.overflow).toBeUndefined();
  expect(new Set(proof.inferenceError)).toEqual(new Set([Number.POSITIVE_INFINITY]));
});
