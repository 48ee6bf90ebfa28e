import {
  affineRadius,
  ball,
  boxAround,
  chain,
  crossPolytope,
  dense,
  enforce,
  type Network,
  patch,
  type Region,
  relu,
  scaled,
  silu,
  simplex,
} from '@police/core';
import { CONV_SIZE, convNetwork, randomGraph } from '@police/testing/graphs';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/**
 * Widths and distances are sums of some tens of numbers of size 1, some of which cancel: their quotient is off by thousands of
 * units in the last place, not by more.
 */
const RELATIVE_ERROR = 1e-9;

/** Whether enforcing shifts or lifts anything: the slow oracle, which sees the region as it is. */
function bendsOn(net: Network, region: Region): boolean {
  const { shifts } = enforce(net, [region]);
  return Object.values(shifts).some(values => values.some(c => c !== 0));
}

function assertLargest(net: Network, region: Region): void {
  const { radius, layer } = affineRadius(net, region);
  expect(layer === undefined).toBe(radius === Number.POSITIVE_INFINITY);
  if (radius === Number.POSITIVE_INFINITY) {
    expect(bendsOn(net, scaled(region, 1e6))).toBe(false);
    return;
  }
  expect(bendsOn(net, scaled(region, radius * (1 - RELATIVE_ERROR)))).toBe(false);
  expect(bendsOn(net, scaled(region, radius * (1 + RELATIVE_ERROR)))).toBe(true);
}

const kinds = {
  box: (x: number[]) => boxAround(x, 1),
  'box of other radii': (x: number[]) =>
    boxAround(
      x,
      x.map((_, i) => (i % 3) / 2),
    ),
  ball: (x: number[]) => ball(x, 1),
  crossPolytope: (x: number[]) => crossPolytope(x, 1),
};

describe.each(Object.entries(kinds))('%s', (_name, make) => {
  test('within the radius nothing has to be shifted, beyond it something', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        assertLargest(randomGraph(rng, 3, 2), make(randomArray(rng, 3)));
      }),
      { numRuns: 60 },
    );
  });

  test('of a network that was enforced it is at least 1 around the region’s centre', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = scaled(make(randomArray(rng, 3)), 0.5);
        const { network } = enforce(randomGraph(rng, 3, 2), [region]);
        expect(affineRadius(network, region).radius).toBeGreaterThanOrEqual(1 - RELATIVE_ERROR);
        assertLargest(network, region);
      }),
      { numRuns: 40 },
    );
  });
});

test('of convolutions too, with frames in blocks as with whole ones', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net = convNetwork(rng);
      const region = boxAround(randomArray(rng, CONV_SIZE), 1);
      assertLargest(net, region);
      const whole = affineRadius(net, region);
      const streamed = affineRadius(net, region, { memory: 400_000 });
      expect(streamed.layer).toBe(whole.layer);
      expect(Math.abs(streamed.radius - whole.radius)).toBeLessThanOrEqual(RELATIVE_ERROR * whole.radius);
    }),
    { numRuns: 8 },
  );
});

test('says which unit bends first', () => {
  const net = chain(2, [
    dense(
      [
        [1, 0],
        [1, 1],
      ],
      [-1, -1.5],
    ),
    relu(),
    dense([[1, 1]]),
  ]);
  // From the origin the first unit is 1 off along one axis; the second √½ · 1.5 off, or 0.75 along both.
  expect(affineRadius(net, boxAround([0, 0], 1))).toEqual({
    radius: 0.75,
    layer: net.nodes[2].name,
    unit: 1,
  });
  expect(affineRadius(net, crossPolytope([0, 0], 1))).toMatchObject({ radius: 1, unit: 0 });
  expect(affineRadius(net, boxAround([1, 3], 1))).toMatchObject({ radius: 0, unit: 0 });
});

test('a network that never bends has no such radius', () => {
  const net = chain(1, [dense([[0]], [1]), relu(), dense([[1]])]);
  expect(affineRadius(net, ball([0], 1))).toEqual({ radius: Number.POSITIVE_INFINITY });
});

test('refuses regions without a norm and activations that bend everywhere', () => {
  const net = chain(1, [dense([[1]]), relu()]);
  expect(() => affineRadius(net, simplex([[0], [1]]))).toThrow(/a region without a norm/);
  const smooth = chain(1, [dense([[1]]), silu(1e-3)]);
  expect(() => affineRadius(smooth, ball([0], 1))).toThrow(/affine nowhere/);
  const { network: patched } = patch(net, [ball([0], 1)]);
  expect(() => affineRadius(patched, ball([0], 1))).toThrow(/a clamp/);
});
