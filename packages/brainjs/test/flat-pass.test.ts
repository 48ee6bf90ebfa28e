import { inSubspace, type Policy, type Region, type Rng, regularPolygon, vPolytope } from '@police/core';
import { policedPass, shiftCoordinates } from '@police/core/adapter';
import { expectClose, pick, randomArray, randomFrames, randomRegions, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyKind, writeExtreme, writeRange } from '../src/body.js';
import { flatten } from '../src/flat-layer.js';
import { findShifts, flatRegions, framePass } from '../src/frame-pass.js';
import { activationName } from '../src/names.js';
import { activationOf, plainNetwork } from '../src/read.js';
import { makeNet, makeRegion, seededRng } from './helpers.js';

/** The flat pass sums in another order than core: a few roundings of numbers of order 10. */
const TOLERANCE = 1e-12;

const policies: readonly Policy[] = ['sticky', 'minimal', 'majority', ({ unit }) => (unit % 2 ? 1 : -1)];

/** −0 as 0: core adds to 0. */
const unsigned = (x: number): number => x + 0;

/** Hulls of points in a line or a plane, duplicates and points between others among them, in `size` dimensions. */
const planarRegions: Record<string, (rng: Rng, count: number, size: number) => Region> = {
  'a polygon': (rng, count, size) =>
    inSubspace(
      regularPolygon(Math.max(3, count)),
      randomArray(rng, size),
      [0, 1].map(() => randomArray(rng, size)),
    ),
  'points of a grid': (rng, count, size) => {
    const [at, u, v] = Array.from({ length: 3 }, () => randomArray(rng, size));
    const points = Array.from({ length: count }, () => [Math.floor(4 * rng()), Math.floor(4 * rng())]);
    return vPolytope(points.map(([x, y]) => at.map((a, k) => a + x * u[k] + y * v[k])));
  },
  'points of a line': (rng, count, size) => {
    const [at, direction] = [randomArray(rng, size), randomArray(rng, size)];
    const positions = Array.from({ length: count }, () => Math.floor(9 * rng()));
    return vPolytope(positions.map(t => at.map((a, k) => a + t * direction[k])));
  },
  'one point': (rng, count, size) => vPolytope(Array(count).fill(randomArray(rng, size))),
};

const manyPoints = (rng: Rng, size: number, count: number): Region[] =>
  Array.from({ length: count }, () =>
    pick(rng, Object.values(planarRegions))(rng, 1 + Math.floor(60 * rng()), size),
  );

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
        const regions = pick(rng, [randomRegions, manyPoints])(rng, widths[0], count, scale);
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

  test.each(Object.keys(planarRegions))('the range and the extremes over %s, to the bit', kind => {
    const cases = [
      seeds,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
    ] as const;
    fc.assert(
      fc.property(...cases, (seed, count, size, onGrid) => {
        const rng = seededRng(seed);
        const UNITS = 7;
        const region = planarRegions[kind](rng, count, size);
        const { rows } = region.frame;
        const [frame] = randomFrames([region], UNITS, rng);
        // Small whole numbers make edges level, and whole units flat.
        if (onGrid) frame.data.set(frame.data.map(x => Math.round(x / 4)));
        const body = bodyKind(region);
        // The region's rows follow another's.
        const h = Float64Array.of(...randomArray(rng, UNITS), ...frame.data);
        const lo = new Float64Array(UNITS);
        const hi = new Float64Array(UNITS);
        writeRange(body, h, UNITS, 1, rows + 1, lo, hi, 0);
        const expected = region.range(frame);
        expect({ lo, hi }).toEqual({ lo: expected.lo, hi: expected.hi });
        for (const side of [-1, 1]) {
          const coordinates = new Float64Array((rows + 1) * UNITS);
          for (let j = 0; j < UNITS; j++) writeExtreme(body, h, UNITS, 1, rows + 1, j, side, coordinates);
          const { data } = region.extremes(frame, new Int8Array(UNITS).fill(side));
          expect(coordinates.subarray(UNITS).map(unsigned)).toEqual(data.map(unsigned));
        }
      }),
      { numRuns: 100 },
    );
  });

  test.each([Number.NaN, Infinity, -Infinity])('no range at the frame value %s', value => {
    const rng = seededRng(1);
    for (const count of [3, 40]) {
      const region = regularPolygon(count);
      for (let row = 0; row < 3; row++) {
        const h = Float64Array.from(randomArray(rng, 3));
        h[row] = value;
        const [lo, hi] = [new Float64Array(1), new Float64Array(1)];
        writeRange(bodyKind(region), h, 1, 0, 3, lo, hi, 0);
        expect(hi[0] - lo[0] < Infinity, `${count} corners, row ${row}: ${lo[0]} … ${hi[0]}`).toBe(false);
      }
    }
  });

  test('without core’s help on all but half-spaces and polytopes of more than two dimensions given by vertices', () => {
    const rng = seededRng(1);
    const kinds = (['box', 'flatBox', 'ball', 'crossPolytope', 'simplex', 'vPolytope'] as const).map(kind =>
      bodyKind(makeRegion(kind, 3, rng)),
    );
    expect(kinds).toEqual(['cube', 'cube', 'disc', 'octahedron', 'simplex', 'general']);
    for (const make of Object.values(planarRegions)) expect(bodyKind(make(rng, 20, 3))).not.toBe('general');
  });
});
