import {
  box,
  chain,
  clip,
  dense,
  elu,
  enforce,
  type Frozen,
  float16,
  float32,
  float64,
  foldShifts,
  freeze,
  hardSigmoid,
  leakyRelu,
  type Network,
  network,
  prelu,
  type Region,
  relu,
} from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { mixedUnits } from '@police/testing/exact/network';
import { cancellingNetwork, farRegion, sharedBias, thinPolytope } from '@police/testing/hard-cases';
import {
  activationKinds,
  makeRegion,
  pick,
  policies,
  randomNetwork,
  randomRegions,
  regionKinds,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const policyNames = Object.keys(policies);
const policyNamed = fc.constantFrom(...policyNames).map(name => policies[name]);

/** No tolerance: no unit of the stored weights, taken as real numbers, takes both signs on a region. */
function expectExact({ network: net, layers }: Frozen, regions: readonly Region[]): void {
  for (const region of regions) expect(mixedUnits(net, region)).toEqual([]);
  for (const layer of layers) expect(layer.smallestMargin, layer.name).toBeGreaterThanOrEqual(0);
  // The margin covers the rounding of any float64 evaluation, enforce's among them.
  expect(enforce(net, regions).report.shifted).toBe(0);
}

describe.each(['float16', 'float32', 'float64'] as const)('frozen to %s, exactly affine:', precision => {
  const format = { float16, float32, float64 }[precision];
  // Biases for a region of size 1000 may be beyond the largest float16.
  const scales = fc.constantFrom(1e-3, 1, ...(precision === 'float16' ? [] : [1e3]));

  describe.each(activationKinds)('%s', activation => {
    test.each(regionKinds)('on a %s', kind => {
      fc.assert(
        fc.property(seeds, policyNamed, scales, (seed, policy, scale) => {
          const rng = seededRng(seed);
          const net = randomNetwork(rng, [6, 24, 24, 3], activation);
          const region = makeRegion(kind, 6, rng, scale);
          const frozen = freeze(enforce(net, [region], { policy }).network, [region], { precision });
          expect(isRepresentable(frozen.network, format)).toBe(true);
          expectExact(frozen, [region]);
        }),
        { numRuns: 8 },
      );
    });
  });

  test('on several regions at once, enforced before or by freezing alone', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.option(policyNamed),
        fc.constantFrom(...activationKinds),
        fc.integer({ min: 2, max: 5 }),
        (seed, policy, activation, count) => {
          const rng = seededRng(seed);
          const net = randomNetwork(rng, [4, 16, 12, 2], activation);
          const regions = randomRegions(rng, 4, count, pick(rng, [1e-3, 1, 1e3]));
          const given = policy === null ? net : enforce(net, regions, { policy }).network;
          const frozen = freeze(given, regions, { precision });
          expect(isRepresentable(frozen.network, format)).toBe(true);
          expectExact(frozen, regions);
        },
      ),
      {
        numRuns: 60,
        // In float64: a correction that dwarfs the pre-activations, and so raises the bound it was chosen by.
        examples: [[30, null, 'hardTanh', 4]],
      },
    );
  });

  // Its weights are beyond the largest float16.
  test.skipIf(precision === 'float16')(
    'far from the origin, where large products and the bias cancel',
    () => {
      fc.assert(
        fc.property(seeds, fc.constantFrom(...regionKinds), (seed, kind) => {
          const rng = seededRng(seed);
          const region = farRegion(kind, rng);
          const net = cancellingNetwork(region, rng);
          expectExact(freeze(net, [region], { precision }), [region]);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('on a polytope as thick as its rounding', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = thinPolytope(rng);
        // Freezing leaves shifted units as near the kink as it dares, where the last bit of a vertex decides.
        const net = randomNetwork(rng, [4, 24, 24, 2], pick(rng, activationKinds));
        expectExact(freeze(net, [region], { precision }), [region]);
      }),
      { numRuns: 100 },
    );
  });

  test('where no bias can hold the shift', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(...activationKinds), (seed, kind) => {
        const rng = seededRng(seed);
        const net = sharedBias(rng, kind);
        const regions = randomRegions(rng, 3, 2);
        const frozen = freeze(enforce(net, regions).network, regions, { precision });
        expect(isRepresentable(frozen.network, format)).toBe(true);
        expectExact(frozen, regions);
      }),
      { numRuns: 60 },
    );
  });
});

describe('larger networks', () => {
  test.each([
    { activation: 'relu', seed: 1 },
    { activation: 'leakyRelu', seed: 2 },
    { activation: 'relu6', seed: 3 },
  ] as const)('20-60-60-5 with $activation', ({ activation, seed }) => {
    const rng = seededRng(seed);
    const net = randomNetwork(rng, [20, 60, 60, 5], activation);
    const regions = (['box', 'ball', 'simplex'] as const).map(kind => makeRegion(kind, 20, rng, 0.3));
    const frozen = freeze(enforce(net, regions).network, regions);
    expect(isRepresentable(frozen.network, float32)).toBe(true);
    expectExact(frozen, regions);
  });
});

test.each([
  clip(0.1, 0.7),
  clip(-0.5, 0.7),
  elu(0.7),
  hardSigmoid(),
  hardSigmoid(0.25, 0.1),
  leakyRelu(0.1),
  prelu([0.5, 0.1]),
])('a parameter of $name that is no float32 value is told, and rounded', activation => {
  const net = chain(2, [
    dense([
      [1, 0],
      [0, 1],
    ]),
    activation,
  ]);
  expect(isRepresentable(net, float32)).toBe(false);
  expect(isRepresentable(freeze(net, []).network, float32)).toBe(true);
});

/** The folded shifts merely rounded to float32, as a naive export does. */
function rounded(net: Network): Network {
  return network(
    foldShifts(net).nodes.map(node =>
      node.kind === 'affine' ? { ...node, operator: node.operator.rounded(float32) } : node,
    ),
  );
}

test('rounding alone leaves units of strictly mixed sign, so the exact test can fail', () => {
  const found = regionKinds.map(kind => {
    let mixed = 0;
    for (let seed = 0; seed < 10; seed++) {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [6, 24, 24, 3], 'relu');
      const region = makeRegion(kind, 6, rng);
      mixed += mixedUnits(rounded(enforce(net, [region]).network), region).length;
    }
    return mixed;
  });
  // A single point cannot straddle anything; every other kind of region must show some.
  expect(found.map(count => count > 0)).toEqual(regionKinds.map(kind => kind !== 'point'));
});

test('a format that cannot hold a bias is refused, naming layer and unit', () => {
  // The second unit ranges over ±150,000 about its bias; biases beyond ±65,504 are none.
  const net = chain(1, [dense([[1], [50_000]], [0, 60_000]), relu(), dense([[1, 1]])]);
  const region = box([-3], [3]);
  expect(() => freeze(net, [region], { precision: 'float16' })).toThrow(
    expect.objectContaining({ code: 'no-free-shift', where: 'relu_2 unit 1' }),
  );
  expect(freeze(net, [region]).layers[0].corrected).toBe(2);
  const tooLarge = chain(1, [dense([[1e5]]), relu(), dense([[1]])]);
  expect(() => freeze(tooLarge, [region], { precision: 'float16' })).toThrow(
    expect.objectContaining({ code: 'not-finite', where: 'affine_1' }),
  );
});

test('factors of sums keep float32 in half precision, as activations’ single numbers do: files have them as attributes', () => {
  const factors = [Math.fround(0.1), -1.7, 1];
  const sum = { kind: 'sum', name: 's', inputs: ['x', 'x', 'x'], coefficients: factors } as const;
  const net = network([{ kind: 'input', name: 'x', size: 1 }, sum]);
  const factorsIn = (precision: 'float16' | 'float32' | 'float64') =>
    freeze(net, [], { precision }).network.nodes.at(-1);
  expect(factorsIn('float64')).toEqual(sum);
  for (const precision of ['float16', 'float32'] as const)
    expect(factorsIn(precision)).toEqual({ ...sum, coefficients: factors.map(Math.fround) });
});
