import { box, certify, fade, forward, freeze, gapOf, network } from '@police/core';
import { windowsOf } from '@police/core/adapter';
import { mixedUnits } from '@police/testing/exact/network';
import {
  activationKinds,
  makeRegion,
  pick,
  pointsOf,
  randomNetwork,
  regionKinds,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const precisions = ['float32', 'float64'] as const;

test('a faded network is affine on the region, in exact arithmetic too, and what it was where the gap is the width', () => {
  let shiftedOnes = 0;
  fc.assert(
    fc.property(seeds, fc.constantFrom(...precisions), (seed, precision) => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 8, 6, 2], pick(rng, activationKinds));
      const region = makeRegion(pick(rng, regionKinds), 3, rng);
      const width = 0.05 + 2 * rng();
      const faded = fade(net, region, { width, precision });
      expect(certify(faded, [region]).certified).toBe(true);
      expect(mixedUnits(faded, region)).toEqual([]);
      const plain = freeze(network(net.nodes), [], { precision }).network;
      const { network: gap } = gapOf(region, precision);
      const points = pointsOf(region, 40, rng);
      for (let i = 0; i < points.data.length; i++) points.data[i] += 3 * width * rng() ** 2 * (2 * rng() - 1);
      const gaps = forward(gap, points).data;
      const [before, after] = [forward(plain, points), forward(faded, points)];
      gaps.forEach((d, i) => {
        if (d < width * (1 + 1e-6)) return;
        shiftedOnes += Number(faded.nodes.length > net.nodes.length);
        expect(after.data.subarray(2 * i, 2 * i + 2)).toEqual(before.data.subarray(2 * i, 2 * i + 2));
      });
      // On the region it is what enforcing and freezing make of it, but for pushing each shift a little further.
      const inside = pointsOf(region, 10, rng);
      const enforced = forward(freeze(net, [region], { precision }).network, inside);
      const size = enforced.data.reduce((max, y) => Math.max(max, Math.abs(y)), 1);
      forward(faded, inside).data.forEach((y, i) => {
        expect(Math.abs(y - enforced.data[i])).toBeLessThan(1e-3 * size);
      });
    }),
    { numRuns: runs(40) },
  );
  expect(shiftedOnes).toBeGreaterThan(50);
});

test('a maximum that needs a lift is refused, and so is a width that is none', () => {
  const pooled = network([
    { kind: 'input', name: 'x', size: 4 },
    { kind: 'max', name: 'pool', input: 'x', windows: windowsOf([[0, 1, 2, 3]]) },
  ]);
  const region = box([0, 0, 0, 0], [1, 1, 1, 1]);
  expect(() => fade(pooled, region)).toThrow(/Patch the network instead/);
  expect(() => fade(pooled, region, { width: 0 })).toThrow(/fade width/);
});
