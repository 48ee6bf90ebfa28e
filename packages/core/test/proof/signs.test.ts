import { box, certify, chain, dense, network, type Region, relu } from '@police/core';
import { forwardValues } from '@police/core/adapter';
import { randomGraph } from '@police/testing/graphs';
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
import { intervalsOn } from '../../src/proof/intervals.js';
import { signsOn } from '../../src/proof/signs.js';

const anyRegion = (rng: () => number): Region => makeRegion(pick(rng, regionKinds), 3, rng);

test('no value has a sign that it may not have, and many signs are known', () => {
  const known = { above: 0, below: 0 };
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net =
        rng() < 0.5 ? randomGraph(rng, 3, 2) : randomNetwork(rng, [3, 8, 6, 2], pick(rng, activationKinds));
      const region = anyRegion(rng);
      const signs = signsOn(net, intervalsOn(net, region));
      // Float64's own rounding is less than float32's, which the claims are about.
      for (const [name, { cols, data }] of forwardValues(net, pointsOf(region, 30, rng))) {
        const { above, below } = signs(name);
        data.forEach((y, i) => {
          if (!above[i % cols]) expect(y).toBeLessThanOrEqual(0);
          if (!below[i % cols]) expect(y).toBeGreaterThanOrEqual(0);
        });
        known.above += above.filter(may => !may).length;
        known.below += below.filter(may => !may).length;
      }
    }),
    { numRuns: runs(80) },
  );
  expect(Math.min(known.above, known.below)).toBeGreaterThan(100);
});

test('a ReLU of minus a ReLU is 0, which bounds on rounding do not tell', () => {
  const below = chain(2, [
    dense([
      [1, 2],
      [3, -1],
    ]),
    relu(),
    dense([[-1, -0.1]]),
    relu(),
    dense([[5]], [2]),
  ]);
  const region = box([-1, -1], [1, 1]);
  expect(certify(below, [region])).toMatchObject({ certified: true, regions: [{ unread: [{ units: 2 }] }] });
  const mixed = network(
    below.nodes.map((node, i) =>
      node.kind === 'affine' && i === 3 ? { ...node, operator: dense([[-1, 0.1]]) } : node,
    ),
  );
  expect(certify(mixed, [region])).toMatchObject({ certified: false });
});
