import { enforce, forward, type Matrix, type Network, policedForward } from '@police/core';
import { forwardValues } from '@police/core/adapter';
import {
  activationKinds,
  expectClose,
  makeRegion,
  pointsOf,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** The least distance of any pre-activation, shifts included, from any kink, on points. */
function leastDistance(net: Network, points: Matrix): number {
  const values = forwardValues(net, points);
  let least = Number.POSITIVE_INFINITY;
  for (const node of net.nodes) {
    if (node.kind !== 'activation') continue;
    const h = values.get(node.input)!;
    h.data.forEach((value, i) => {
      const at = value + (node.shift?.[i % h.cols] ?? 0);
      for (const { lo, hi } of node.activation.kinks) least = Math.min(least, Math.max(lo - at, at - hi));
    });
  }
  return least;
}

const activations = fc.constantFrom(...activationKinds);
const margins = fc.double({ min: 0, max: 2, noNaN: true });

describe('a margin', () => {
  test.each(regionKinds)('keeps every unit that far off its kinks on a %s', kind => {
    fc.assert(
      fc.property(seeds, activations, margins, (seed, activation, margin) => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 8, 6, 2], activation);
        const region = makeRegion(kind, 3, rng);
        const { network } = enforce(net, [region], { margin });
        const tolerance = roundingBoundOn(network, region);
        expect(leastDistance(network, pointsOf(region, 20, rng))).toBeGreaterThanOrEqual(margin - tolerance);
      }),
      { numRuns: 20 },
    );
  });

  test('moves a shifted unit of the first layer by exactly that much more', () => {
    fc.assert(
      fc.property(seeds, margins, (seed, margin) => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 8, 2], 'relu');
        const regions = randomRegions(rng, 3, 1);
        const name = net.nodes.find(({ kind }) => kind === 'activation')!.name;
        const [near, far] = [0, margin].map(by => enforce(net, regions, { margin: by }).shifts[name]);
        const wanted = near.map((c, j) => (c === 0 ? far[j] : c + Math.sign(c) * margin));
        expectClose(far, wanted, 4 * Number.EPSILON * (margin + Math.max(...near.map(Math.abs))), 'shifts');
      }),
      { numRuns: 20 },
    );
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %d is refused', margin => {
    const rng = seededRng(1);
    const net = randomNetwork(rng, [2, 3, 1], 'relu');
    const regions = randomRegions(rng, 2, 1);
    expect(() => enforce(net, regions, { margin })).toThrowError(/margin/);
    const x = pointsOf(regions[0], 2, rng);
    expect(() => policedForward(net, regions, x, { margin })).toThrowError(/margin/);
  });
});

describe('the sides that a step settled on', () => {
  test('are those of enforce, and a step that is given them keeps them', () => {
    fc.assert(
      fc.property(seeds, activations, fc.integer({ min: 1, max: 3 }), (seed, activation, count) => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 8, 6, 2], activation);
        const regions = randomRegions(rng, 3, count);
        const x = pointsOf(regions[0], 5, rng);
        const enforced = enforce(net, regions);
        const first = policedForward(net, regions, x);
        expect(first.sides).toEqual(enforced.sides);
        const again = policedForward(net, regions, x, { sides: first.sides });
        expect(again.sides).toEqual(first.sides);
        expectClose(again.output.data, forward(enforced.network, x).data, 0, 'outputs');
      }),
      { numRuns: 40 },
    );
  });

  test('given to enforce are taken by every unit that straddles, without a word of policy', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 8, 2], 'leakyRelu');
        const regions = randomRegions(rng, 3, 1);
        const { sides, shifts } = enforce(net, regions);
        const drawn = Object.fromEntries(
          Object.entries(sides).map(([name, each]) => [name, each.map(() => (rng() < 0.5 ? -1 : 1))]),
        );
        const now = enforce(net, regions, { sides: drawn }).sides;
        for (const [name, each] of Object.entries(drawn)) {
          each.forEach((side, j) => {
            expect(now[name][j]).toBe(shifts[name][j] === 0 ? sides[name][j] : side);
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});
