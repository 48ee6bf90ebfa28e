import {
  box,
  certify,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  type Network,
  network,
  type Region,
  relu,
} from '@police/core';
import type { AffineNode } from '@police/core/adapter';
import { mixedUnits } from '@police/testing/exact/network';
import { float32Forward } from '@police/testing/float32-forward';
import { randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  applyMap,
  pick,
  pointsOf,
  randomNetwork,
  randomRegions,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const anyNetwork = (seed: number): { net: Network; regions: Region[]; rng: () => number } => {
  const rng = seededRng(seed);
  const net =
    rng() < 0.5 ? randomGraph(rng, 3, 2) : randomNetwork(rng, [3, 10, 8, 2], pick(rng, activationKinds));
  return { net, regions: randomRegions(rng, 3, 1 + Math.floor(3 * rng())), rng };
};

describe('certify', () => {
  test('frozen networks are certified, and exact arithmetic agrees', { timeout: 60_000 * runs(1) }, () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom('float32' as const, 'float64' as const), (seed, precision) => {
        const { net, regions } = anyNetwork(seed);
        const frozen = freeze(enforce(net, regions).network, regions, { precision });
        const result = certify(frozen.network, regions);
        expect(result.certified).toBe(true);
        if (!result.certified) return;
        expect(result.layers).toEqual(
          frozen.layers.map(({ name, smallestMargin }) => ({ name, smallestMargin })),
        );
        expect(regions.flatMap(region => mixedUnits(frozen.network, region))).toEqual([]);
      }),
      { numRuns: runs(60) },
    );
  });

  test('what bends is refuted: exact arithmetic finds a mixed unit only where certify fails', () => {
    let refuted = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const { net, regions } = anyNetwork(seed);
        const result = certify(net, regions);
        const mixed = regions.flatMap(region => mixedUnits(net, region));
        if (mixed.length > 0) {
          refuted++;
          expect(result.certified && result.regions.every(({ unread }) => !unread)).toBe(false);
        }
        if (result.certified) return;
        expect(result.margin).toBeLessThan(0);
        // The points shown are of the region named.
        const { points } = result;
        if (!points) return;
        for (let i = 0; i < 2; i++) {
          expect(regions[result.region].contains(points.data.subarray(3 * i, 3 * i + 3))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect(refuted).toBeGreaterThan(30);
  });

  test('moving a shifted bias back by more than its margin loses the certificate', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 10, 8, 2], pick(rng, activationKinds));
        const regions = randomRegions(rng, 3, 1);
        const { network: frozen } = freeze(enforce(net, regions).network, regions);
        const before = net.nodes[1] as AffineNode;
        const after = frozen.nodes[1] as AffineNode;
        const moved = after.operator.bias.map((b, j) => b - before.operator.bias[j]);
        // A shift by more than float32 rounding: half of it back puts the kink inside the region.
        const unit = moved.findIndex(c => Math.abs(c) > 1e-3);
        fc.pre(unit >= 0);
        const half = after.operator.bias.map((b, j) => (j === unit ? b - moved[j] / 2 : b));
        const spoiled = network(
          frozen.nodes.map(node =>
            node.name === after.name ? { ...after, operator: after.operator.withBias(half) } : node,
          ),
        );
        const result = certify(spoiled, regions);
        expect(result.certified).toBe(false);
        if (!result.certified) expect(result.layer).toBe(frozen.nodes[2].name);
      }),
      { numRuns: 40 },
    );
  });

  test('a lift lowered by more than its margin loses the certificate', () => {
    let lowered = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomGraph(rng, 3, 2);
        const regions = randomRegions(rng, 3, 1);
        const { network: frozen } = freeze(enforce(net, regions).network, regions);
        for (const node of frozen.nodes) {
          if (node.kind !== 'max' || !node.lifts) continue;
          const w = node.lifts.lift.findIndex(lift => lift > 1e-3);
          if (w < 0) continue;
          lowered++;
          const lift = node.lifts.lift.map((c, i) => (i === w ? c / 2 : c));
          const lifts = { ...node.lifts, lift };
          const spoiled = network(frozen.nodes.map(other => (other === node ? { ...node, lifts } : other)));
          const result = certify(spoiled, regions);
          // It may win in vain where nothing that reaches the output reads it.
          if (result.certified)
            expect(result.regions[0].unread?.map(({ name }) => name)).toContain(node.name);
          else expect(result.layer).toBe(node.name);
        }
      }),
      { numRuns: 60 },
    );
    expect(lowered).toBeGreaterThan(20);
  });

  test('float32 inference stays within its bound of the affine map', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { net, regions, rng } = anyNetwork(seed);
        const { network: frozen } = freeze(enforce(net, regions).network, regions);
        const result = certify(frozen, regions);
        if (!result.certified) throw new Error('a frozen network is certified');
        regions.forEach((region, r) => {
          const points = pointsOf(region, 10, rng);
          const { map, inferenceError, mapError } = result.regions[r];
          const expected = applyMap(map, points);
          const inferred = float32Forward(frozen, points).data;
          const exact = forward(frozen, points);
          inferred.forEach((y, i) => {
            const j = i % net.outputSize;
            const bound = inferenceError[j] + mapError[j];
            expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(bound);
            // forward is float64: its own rounding is far below what float32 may add.
            expect(Math.abs(exact.data[i] - expected[i])).toBeLessThanOrEqual(bound);
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  test('names the layer, unit and points of a unit that bends', () => {
    const net = chain(1, [dense([[1], [1]], [5, 0.25]), relu(), dense([[1, 1]])]);
    const result = certify(net, [box([-1], [1])]);
    expect(result).toMatchObject({ certified: false, layer: 'relu_2', unit: 1, region: 0 });
    if (!result.certified) expect(Array.from(result.points!.data)).toEqual([-1, 1]);
  });
});
