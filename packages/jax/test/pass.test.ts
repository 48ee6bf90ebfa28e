import { numpy as np } from '@jax-js/jax';
import { enforce, type Network, type Region, type Rng, type Sides } from '@police/core';
import { fromNetwork, police, start, type TensorPolicy } from '@police/jax';
import { convNetwork, randomGraph } from '@police/testing/graphs';
import {
  expectClose,
  makeRegion,
  pick,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBoundOn,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { again, numbers, stateOf } from './helpers.js';

beforeAll(() => start('wasm'));

const POLICIES: readonly TensorPolicy[] = ['sticky', 'minimal', 'majority'];
const SHARINGS = ['per-unit', 'per-channel'] as const;

/** The pass in float64 against core's on one network: the same sides, and the same shifts to rounding. */
function expectSame(
  net: Network,
  regions: readonly Region[],
  policy: TensorPolicy,
  sharing: (typeof SHARINGS)[number],
  sides: Sides,
): void {
  const { model, params } = fromNetwork(net, { dtype: 'float64' });
  const policed = police(model, regions, { policy, sharing });
  const expected = enforce(net, regions, { policy, sharing, sides });
  const [adjustments, state] = policed.adjustments(again(params), stateOf(net, sides));
  const tolerance = Math.max(...regions.map(region => roundingBoundOn(expected.network, region)));
  for (const [name, values] of Object.entries(expected.shifts)) {
    const adjustment = adjustments[name];
    const found = numbers('lift' in adjustment ? np.max(adjustment.lift, -1) : Object.values(adjustment)[0]);
    expectClose(found, values, tolerance, `shifts of ${name}`);
    // Where rounding alone decides whether a shift is needed, it decides the side, too.
    const isNothing = (j: number) => {
      const size = Math.max(Math.abs(found[j % found.length]), Math.abs(values[j % found.length]));
      return size > 0 && size <= tolerance;
    };
    const decided = (sides: ArrayLike<number>) => Array.from(sides, (side, j) => (isNothing(j) ? 0 : side));
    expect(decided(numbers(state[name])), `sides of ${name}`).toEqual(decided(expected.sides[name]));
  }
}

/** Sides that some other policy once chose for other weights. */
const someSides = (net: Network, regions: readonly Region[], rng: Rng): Sides =>
  Object.fromEntries(
    Object.entries(enforce(net, regions, { policy: 'majority' }).sides).map(([name, sides]) => [
      name,
      // Of a maximum they are entries, which stay what they are.
      net.nodes.find(node => node.name === name)!.kind === 'max'
        ? sides
        : sides.map(side => (rng() < 0.3 ? -side : rng() < 0.1 ? 0 : side)),
    ]),
  );

describe.each(POLICIES)('policy %s', policy => {
  test.each(regionKinds)('on a %s, the sides and shifts are core’s', kind => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomGraph(rng, 3, 2);
        const regions = [makeRegion(kind, 3, rng)];
        expectSame(net, regions, policy, 'per-unit', someSides(net, regions, rng));
      }),
      { numRuns: runs(4) },
    );
  });

  test('on several regions, too', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomGraph(rng, 3, 2);
        const regions = randomRegions(rng, 3, pick(rng, [2, 3]));
        expectSame(net, regions, policy, 'per-unit', someSides(net, regions, rng));
      }),
      { numRuns: runs(8) },
    );
  });
});

test.each(['box', 'ball', 'crossPolytope'] as const)('with many axes, on a %s', kind => {
  // The rows of such regions are filled up to a multiple of eight: of 35 and of 41.
  for (const size of [34, 40]) {
    const rng = seededRng(size);
    const net = randomNetwork(rng, [size, 5, 4, 2], 'leakyRelu');
    const region = makeRegion(kind, size, rng, 0.1);
    for (const policy of POLICIES)
      expectSame(net, [region], policy, 'per-unit', someSides(net, [region], rng));
  }
});

test.each(SHARINGS)('of a convolutional network, sharing %s', sharing => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net = convNetwork(rng);
      const regions = randomRegions(rng, net.inputSize, pick(rng, [1, 2]), 0.3);
      expectSame(net, regions, pick(rng, POLICIES), sharing, someSides(net, regions, rng));
    }),
    { numRuns: runs(2) },
  );
});
