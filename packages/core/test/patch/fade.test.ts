import {
  box,
  certify,
  enforce,
  fade,
  faded,
  forward,
  freeze,
  gapOf,
  imageUnder,
  lookahead,
  matrix,
  network,
  type Region,
} from '@police/core';
import { windowsOf } from '@police/core/adapter';
import { seemsAffine } from '@police/testing/exact/affine';
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

/** Regions in cubes of side 1 at most, their middles 2.8 apart along some line. */
function regionsApart(rng: () => number, count: number): Region[] {
  const away = [1, 1, 1].map(() => 2 * rng() - 1);
  const length = Math.hypot(...away);
  return Array.from({ length: count }, (_, r) => {
    const region = makeRegion(pick(rng, regionKinds), 3, rng);
    const { lo, hi } = region.range(region.frame);
    const size = Math.max(...hi.map((h, k) => h - lo[k])) || 1;
    return imageUnder(
      region,
      [1, 1, 1].map(() => 1 / size),
      away.map((x, k) => (2.8 * r * x) / length - (lo[k] + hi[k]) / (2 * size)),
    );
  });
}

test('several regions: affine on each, in exact arithmetic too; what it was outside all shells; enforcing again shifts nothing', {
  timeout: 60_000 * runs(1),
}, () => {
  const seen = { outside: 0, shifted: 0, several: 0 };
  fc.assert(
    fc.property(seeds, fc.constantFrom(...precisions), (seed, precision) => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 8, 6, 2], pick(rng, activationKinds));
      const regions = regionsApart(rng, 2 + Math.floor(2 * rng()));
      const width = 0.05 + 0.2 * rng();
      const found = faded(net, regions, { width, precision });
      expect(certify(found.network, regions).certified).toBe(true);
      expect(found.shifts.size === 0 || found.network.nodes.length > net.nodes.length).toBe(true);
      seen.several += Number([...found.shifts.values()].some(c => new Set(columnsUsed(c)).size > 1));
      expect(enforce(found.network, regions, { lookahead, margin: 0 }).report.shifted).toBe(0);
      const plain = freeze(network(net.nodes), [], { precision }).network;
      const gates = forward(found.gates, matrix(1, 3)).cols;
      expect(gates).toBe(regions.length);
      regions.forEach((region, r) => {
        for (let i = 0; i < 4; i++) expect(seemsAffine(found.network, region, rng)).toBe(true);
        const inside = pointsOf(region, 10, rng);
        const on = forward(found.gates, inside);
        on.data.forEach((t, i) => {
          expect(t).toBe(Number(i % regions.length === r));
        });
        const enforced = forward(freeze(net, [region], { precision }).network, inside);
        const size = enforced.data.reduce((max, y) => Math.max(max, Math.abs(y)), 1);
        forward(found.network, inside).data.forEach((y, i) => {
          expect(Math.abs(y - enforced.data[i])).toBeLessThan(1e-3 * size);
        });
      });
      const points = matrix(60, 3);
      points.data.forEach((_, i) => {
        points.data[i] = 12 * rng() - 6;
      });
      const on = forward(found.gates, points).data;
      const [before, after] = [forward(plain, points), forward(found.network, points)];
      for (let i = 0; i < points.rows; i++) {
        if (on.subarray(i * regions.length, (i + 1) * regions.length).some(t => t > 0)) continue;
        seen.outside++;
        expect(after.data.subarray(2 * i, 2 * i + 2)).toEqual(before.data.subarray(2 * i, 2 * i + 2));
      }
      seen.shifted += found.shifts.size;
    }),
    { numRuns: runs(40) },
  );
  expect(seen.outside).toBeGreaterThan(500);
  expect(Math.min(seen.shifted, seen.several)).toBeGreaterThan(5);
});

/** The columns of a layer's shifts that are not all 0. */
function columnsUsed({ cols, data }: { cols: number; data: Float64Array }): number[] {
  return Array.from(data, (c, i) => (c === 0 ? -1 : i % cols)).filter(r => r >= 0);
}

test('regions in each other’s shells are refused, with the width that would do, and names that are taken are left alone', () => {
  const net = randomNetwork(seededRng(3), [2, 6, 2], 'relu');
  const regions = [box([-1, -1], [1, 1]), box([1.5, -1], [3.5, 1])];
  expect(() => fade(net, regions, { width: 0.6 })).toThrow(/Fade within less: width 0\.4\d* at most/);
  expect(certify(fade(net, regions, { width: 0.45 }), regions).certified).toBe(true);
  expect(() => fade(net, [regions[0], box([1, 1], [2, 2])])).toThrow(/leave a space between them/);
  expect(() => fade(net, [])).toThrow(/at least one region/);
  const once = fade(net, regions[0], { width: 0.2 });
  const twice = fade(once, regions[1], { width: 0.2 });
  const names = twice.nodes.map(({ name }) => name);
  expect(names).toContain('fade.on');
  expect(names).toContain('fade_2.on');
  expect(certify(twice, regions).certified).toBe(true);
});
