import {
  certify,
  chain,
  dense,
  elu,
  enforce,
  forward,
  freeze,
  hardSwish,
  type Rng,
  selu,
} from '@police/core';
import {
  applyMap,
  expectClose,
  pick,
  pointsOf,
  policies,
  randomArray,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const curved = { elu: () => elu(0.7), selu, hardSwish };

function curvedNetwork(rng: Rng, kind: keyof typeof curved) {
  const layer = (inSize: number, outSize: number) =>
    dense(
      Array.from({ length: outSize }, () => randomArray(rng, inSize, Math.sqrt(3 / inSize))),
      randomArray(rng, outSize),
    );
  return chain(3, [layer(3, 8), curved[kind](), layer(8, 6), curved[kind](), layer(6, 2)]);
}

const kinds = Object.keys(curved) as (keyof typeof curved)[];

test('activations affine beyond an interval, or on one side only, are exact on the regions', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...kinds), fc.integer({ min: 1, max: 3 }), (seed, kind, count) => {
      const rng = seededRng(seed);
      const net = curvedNetwork(rng, kind);
      const regions = randomRegions(rng, 3, count);
      const policy = policies[pick(rng, Object.keys(policies))];
      const { network, report, sides } = enforce(net, regions, { policy });
      // There is no other side to be on.
      if (kind !== 'hardSwish')
        expect(Object.values(sides).every(s => s.every(side => side === 1))).toBe(true);
      regions.forEach((region, r) => {
        const points = pointsOf(region, 8, rng);
        // SELU's slope of 1.05 twice is within the bound's factor.
        const tolerance = roundingBoundOn(network, region);
        expectClose(
          forward(network, points).data,
          applyMap(report.maps[r], points),
          tolerance,
          `region ${r}`,
        );
      });
      const frozen = freeze(network, regions);
      expect(certify(frozen.network, regions).certified).toBe(true);
    }),
    { numRuns: 90 },
  );
});

test('unconstrained they are refuted', () => {
  for (const kind of kinds) {
    const rng = seededRng(5);
    const net = curvedNetwork(rng, kind);
    expect(certify(net, randomRegions(rng, 3, 2)).certified).toBe(false);
  }
});
