import { enforce, foldShifts, forward, freeze, type Network, type Region } from '@police/core';
import {
  activationKinds,
  expectClose,
  makeRegion,
  pointsOf,
  policies,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBoundOn,
  seededRng,
  seeds,
  snapshot,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const policyNamed = fc.constantFrom(...Object.values(policies));

describe('freezing changes outputs by no more than rounding', () => {
  test.each(activationKinds)('of the weights to float32, with %s', activation => {
    fc.assert(
      fc.property(seeds, policyNamed, fc.constantFrom(...regionKinds), (seed, policy, kind) => {
        const rng = seededRng(seed);
        const region = makeRegion(kind, 4, rng);
        const { network: net } = enforce(randomNetwork(rng, [4, 12, 12, 2], activation), [region], {
          policy,
        });
        const points = pointsOf(region, 20, rng);
        expectClose(
          forward(freeze(net, [region]).network, points).data,
          forward(net, points).data,
          float32Bound(foldShifts(net), region),
          'frozen against unfrozen outputs',
        );
      }),
      { numRuns: 60 },
    );
  });

  test('of biases to float64', () => {
    fc.assert(
      fc.property(seeds, policyNamed, fc.constantFrom(...regionKinds), (seed, policy, kind) => {
        const rng = seededRng(seed);
        const region = makeRegion(kind, 4, rng);
        const { network: net } = enforce(randomNetwork(rng, [4, 12, 12, 2], 'relu'), [region], { policy });
        const points = pointsOf(region, 20, rng);
        const { network: frozen } = freeze(net, [region], { precision: 'float64' });
        // Each layer's margin is twice a bound of that size, and each adds to the next.
        const tolerance = 16 * roundingBoundOn(net, region);
        expectClose(forward(frozen, points).data, forward(net, points).data, tolerance, 'outputs');
      }),
      { numRuns: 100 },
    );
  });

  test('the network given is left as it is', () => {
    const rng = seededRng(7);
    const region = makeRegion('ball', 4, rng);
    const { network: net } = enforce(randomNetwork(rng, [4, 12, 2], 'prelu'), [region]);
    const before = snapshot(net);
    freeze(net, [region]);
    expect(snapshot(net)).toEqual(before);
  });

  test('freezing again changes nothing', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...activationKinds), (seed, activation) => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 3, 2);
        const once = freeze(randomNetwork(rng, [3, 8, 8, 2], activation), regions);
        const points = pointsOf(regions[0], 5, rng);
        const twice = freeze(once.network, regions);
        // The second run asks for twice the margin that the first one left, so biases may move by some ulps of it.
        const tolerance = 8 * float32Bound(once.network, regions[0]);
        expectClose(
          forward(twice.network, points).data,
          forward(once.network, points).data,
          tolerance,
          'outputs',
        );
      }),
      { numRuns: 60 },
    );
  });
});

/**
 * How far rounding the weights to float32 can move outputs on the region. A weight moves by 2⁻²⁴ of itself, so the
 * pre-activations by E = |W| e + 2⁻²⁴ (|W| |x| + |b|), e the error so far; the bias then moves to clear the kink by
 * no more than that and one spacing more, 2⁻²³ |b|. Slopes are at most 1; alpha is rounded too.
 */
function float32Bound(net: Network, region: Region): number {
  const spacing = 2 ** -23;
  let size = region.reach(region.frame);
  let error = new Float64Array(size.length);
  for (const node of net.nodes) {
    if (node.kind === 'affine') {
      const { operator } = node;
      const apply = (x: Float64Array) => operator.magnitude({ rows: 1, cols: x.length, data: x }).data;
      const reached = apply(size).map((x, j) => x + Math.abs(operator.bias[j]));
      error = apply(error).map((e, j) => 2 * (e + spacing * reached[j]));
      size = reached;
    } else if (node.kind === 'activation') {
      const offset = Math.max(...node.activation.pieces.map(piece => Math.abs(piece.offset)));
      error = error.map((e, j) => e + spacing * size[j]);
      size = size.map(x => x + offset);
    }
  }
  return error.reduce((most, e) => Math.max(most, e), 0);
}
