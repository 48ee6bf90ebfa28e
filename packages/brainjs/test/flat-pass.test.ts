import { type Policy, policedPass, shiftCoordinates } from '@police/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectClose, pick, randomRegions, seeds } from '../../core/test/helpers.js';
import { bodyKind } from '../src/body.js';
import { flatten } from '../src/flat-layer.js';
import { findShifts, flatRegions, framePass } from '../src/frame-pass.js';
import { activationName } from '../src/names.js';
import { activationOf, plainNetwork } from '../src/read.js';
import { makeNet, makeRegion, seededRng } from './helpers.js';

/** The flat pass sums in another order than core: a few roundings of numbers of order 10. */
const TOLERANCE = 1e-12;

const policies: readonly Policy[] = ['sticky', 'minimal', 'majority', ({ unit }) => (unit % 2 ? 1 : -1)];

describe('the flat pass finds what core defines', () => {
  test('shifts, sides and their gradient, on any regions, under any policy', () => {
    const cases = fc.record({
      seed: seeds,
      widths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
      count: fc.integer({ min: 1, max: 3 }),
      scale: fc.constantFrom(1e-3, 1, 1e3),
    });
    fc.assert(
      fc.property(cases, ({ seed, widths, count, scale }) => {
        const rng = seededRng(seed);
        const net = makeNet(widths, pick(rng, ['relu', 'leaky-relu']), seed, {}, scale);
        const regions = randomRegions(rng, widths[0], count, scale);
        const policy = pick(rng, policies);
        const network = plainNetwork(net);
        const params = flatten(net);
        const sides = params.map(({ outSize }) =>
          Int8Array.from({ length: outSize * count }, () => pick(rng, [-1, 0, 1])),
        );
        const previous = Object.fromEntries(sides.map((values, l) => [activationName(l), values]));
        const expected = policedPass(network, regions, { policy, previous });

        const pass = framePass(flatRegions(regions, widths[0]), policy, params);
        findShifts(pass, params, activationOf(net), sides);
        pass.layers.forEach((layer, l) => {
          const { shifts, frames } = expected.layers.get(activationName(l))!;
          const size = Math.max(1, ...frames.flatMap(({ data }) => Array.from(data, Math.abs)));
          expectClose(layer.shift, shifts.shift, TOLERANCE * size, `shifts of layer ${l}`);
          expect([...layer.sides], `sides of layer ${l}`).toEqual([...shifts.sides]);
          const coordinates = shiftCoordinates(regions, frames, 1, shifts).flatMap(({ data }) => [...data]);
          expectClose(layer.coordinates, coordinates, TOLERANCE * 10, `gradient of layer ${l}`);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('without core’s help on all but polytopes given by vertices or half-spaces', () => {
    const rng = seededRng(1);
    const kinds = (['box', 'flatBox', 'ball', 'crossPolytope', 'simplex', 'vPolytope'] as const).map(kind =>
      bodyKind(makeRegion(kind, 3, rng)),
    );
    expect(kinds).toEqual(['cube', 'cube', 'disc', 'octahedron', 'simplex', 'general']);
  });
});
