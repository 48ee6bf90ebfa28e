import {
  box,
  certify,
  chain,
  dense,
  faded,
  forward,
  leakyRelu,
  type matrix,
  type Network,
  network,
  patch,
  plainChain,
  type Region,
  relu,
  sigmoid,
} from '@police/core';
import { seemsAffine } from '@police/testing/exact/affine';
import { float32Forward } from '@police/testing/float32-forward';
import {
  makeRegion,
  pick,
  pointsOf,
  randomNetwork,
  regionKinds,
  roundingBound,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** Points of the region, and around it, out to far. */
function pointsAround(region: Region, rng: () => number) {
  const points = pointsOf(region, 60, rng);
  for (let i = 0; i < points.data.length; i++) points.data[i] += 8 * rng() ** 3 * (2 * rng() - 1);
  return points;
}

/** Law: the same function, to the rounding of both, and what freezing moved: no more than that again. */
function expectSame(before: Network, after: Network, points: ReturnType<typeof matrix>) {
  const largest = new Float64Array(points.cols);
  points.data.forEach((x, i) => {
    largest[i % points.cols] = Math.max(largest[i % points.cols], Math.abs(x));
  });
  const bound = 2 * (roundingBound(before, largest) + roundingBound(after, largest));
  const expected = forward(before, points).data;
  forward(after, points).data.forEach((y, i) => {
    expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(bound);
  });
}

const slopesIn = ({ nodes }: Network) =>
  nodes.flatMap(node => (node.kind === 'activation' ? [node.activation.name] : []));

const isChain = ({ nodes }: Network) =>
  nodes.every(
    (node, i) =>
      i === 0 ||
      ('input' in node &&
        node.input === nodes[i - 1].name &&
        (node.kind === 'activation' || (node.kind === 'affine' && node.operator.kind === 'dense'))),
  );

const makers = {
  fade: (net: Network, region: Region, width: number) =>
    faded(net, [region], { width, precision: 'float64' }).network,
  patch: (net: Network, region: Region, width: number) =>
    patch(net, [region], { steepness: 3 / width, precision: 'float64' }).network,
  'patch around a fade': (net: Network, region: Region, width: number) => {
    const inner = faded(net, [region], { width, precision: 'float64' }).network;
    return patch(inner, [region], { steepness: 2, precision: 'float64' }).network;
  },
};

test.each(Object.keys(makers) as (keyof typeof makers)[])(
  '%s: one chain of dense layers, the same function, proved on the region',
  { timeout: 120_000 },
  how => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const depth = pick(rng, [
          [3, 8, 2],
          [3, 8, 6, 2],
          [3, 5, 6, 4, 2],
        ]);
        const net = randomNetwork(rng, depth, pick(rng, ['relu', 'leakyRelu'] as const));
        const region = makeRegion(pick(rng, regionKinds), 3, rng);
        const made = makers[how](net, region, 0.2 + rng());
        const { network: plain, proof } = plainChain(made, [region], { precision: 'float64' });
        expect(isChain(plain)).toBe(true);
        expect(proof.certified && certify(plain, [region]).certified).toBe(true);
        for (let i = 0; i < 3; i++) expect(seemsAffine(plain, region, rng)).toBe(true);
        expectSame(made, plain, pointsAround(region, rng));
      }),
      { numRuns: runs(25) },
    );
  },
);

test('in float32: certified, inference within its bound of the map; two regions', {
  timeout: 120_000,
}, () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [2, 8, 6, 2], 'relu');
      const regions = [box([-1, -1], [1, 1]), box([2.5, -0.5], [4, 2])];
      const { network: made, base } = faded(net, regions, { width: 0.4 });
      const { network: plain, proof } = plainChain(made, regions);
      expect(slopesIn(plain).every(name => name === 'relu')).toBe(true);
      // Two layers deeper, and a unit for each region wider.
      const hidden = plain.nodes
        .filter(({ kind }) => kind === 'activation')
        .map(({ name }) => plain.sizes.get(name));
      if (made.nodes.length > base.nodes.length) {
        expect([8, 10]).toContain(hidden[2]);
        expect([6, 8]).toContain(hidden[3]);
        expect(hidden.length).toBe(4);
      }
      regions.forEach((region, r) => {
        const points = pointsOf(region, 20, rng);
        const { map, mapError, inferenceError } = proof.regions[r];
        const expected = forward(chain(2, [dense(map.A, map.b)]), points).data;
        const bound = (j: number) => 2 * (mapError[j] + inferenceError[j]);
        float32Forward(plain, points).data.forEach((y, i) => {
          expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(bound(i % 2));
        });
      });
    }),
    { numRuns: runs(20) },
  );
});

test('what no chain holds is refused', () => {
  const region = box([-1], [1]);
  const smooth = chain(1, [dense([[1]], [40]), sigmoid(1e-3), dense([[1]])]);
  expect(() => plainChain(smooth, [region])).toThrow(/ReLU or leaky ReLU/);
  const bent = chain(1, [dense([[1]]), relu(), dense([[1]])]);
  expect(() => plainChain(bent, [region])).toThrow(/affine on every region/);
  const pooled = network([
    { kind: 'input', name: 'x', size: 1 },
    {
      kind: 'max',
      name: 'pool',
      input: 'x',
      windows: { offsets: Int32Array.of(0, 1), members: Int32Array.of(0) },
    },
  ]);
  expect(() => plainChain(pooled, [region])).toThrow(/dense layers, sums, ReLUs/);
});

test('layers of one kind stay of one kind', () => {
  const net = chain(1, [dense([[1], [-2]], [0.25, 0.5]), leakyRelu(0.125), dense([[1, 1]])]);
  const region = box([-1], [1]);
  const { network: plain } = plainChain(faded(net, [region], { width: 0.5 }).network, [region]);
  expect(slopesIn(plain)).toEqual(['relu', 'relu', 'leakyRelu']);
});
