import {
  type Activation,
  abs,
  boxAround,
  convexHull,
  ellipsoid,
  hPolytope,
  imageUnder,
  inSubspace,
  leakyRelu,
  type Policy,
  type Region,
  type Rng,
  regularPolygon,
  relu,
  scaled,
  vPolytope,
  zonotope,
} from '@police/core';
import { shiftGradient, shiftsOf } from '@police/core/adapter';
import {
  expectClose,
  makeRegion,
  pick,
  randomArray,
  randomFrames,
  regionKinds,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyKernel, coreKernel } from '../src/body-kernel.js';
import { coreRule, flatRule, type RegionRows, type ShiftState } from '../src/shift-rule.js';

const UNITS = 7;

/** Regions of three dimensions, of kinds that helpers in core do not make. */
const moreRegions: Record<string, (rng: Rng) => Region> = {
  zonotope: rng =>
    zonotope(
      randomArray(rng, 3),
      Array.from({ length: 5 }, () => randomArray(rng, 3)),
    ),
  ellipsoid: rng =>
    ellipsoid(
      randomArray(rng, 3),
      Array.from({ length: 2 }, () => randomArray(rng, 3)),
    ),
  hPolytope: rng => {
    const [a, b, c] = randomArray(rng, 3).map(Math.abs);
    return hPolytope(
      [...[1, -1].flatMap(s => [0, 1, 2].map(k => [0, 1, 2].map(i => (i === k ? s : 0))))],
      [1, 1, 1, a, b, c],
    );
  },
  image: rng => imageUnder(makeRegion('vPolytope', 3, rng), randomArray(rng, 3), randomArray(rng, 3)),
  scaled: rng => scaled(makeRegion('ball', 3, rng), 0.5),
  subspace: rng =>
    inSubspace(regularPolygon(7), randomArray(rng, 3), [randomArray(rng, 3), randomArray(rng, 3)]),
  'image of an image': rng => scaled(imageUnder(makeRegion('crossPolytope', 3, rng), randomArray(rng, 3)), 2),
  polygon: rng =>
    inSubspace(regularPolygon(40), randomArray(rng, 3), [randomArray(rng, 3), randomArray(rng, 3)]),
  'grid in space': rng =>
    inSubspace(planarRegions['points of a grid'](rng, 30), randomArray(rng, 3), [
      randomArray(rng, 3),
      randomArray(rng, 3),
    ]),
  line: rng => planarRegions['points of a line'](rng, 20),
  convexHull: rng => convexHull(Array.from({ length: 9 }, () => randomArray(rng, 3))),
};

/** −0 as 0: core adds to 0. */
const unsigned = (x: number): number => x + 0;

/** Hulls of points in a line or a plane, duplicates and points between others among them. */
const planarRegions: Record<string, (rng: Rng, count: number) => Region> = {
  'a polygon': (rng, count) => regularPolygon(Math.max(3, count), randomArray(rng, 2)),
  'a polygon in space': (rng, count) =>
    inSubspace(regularPolygon(Math.max(3, count)), randomArray(rng, 3), [
      randomArray(rng, 3),
      randomArray(rng, 3),
    ]),
  'points anywhere': (rng, count) => vPolytope(Array.from({ length: count }, () => randomArray(rng, 2))),
  'points of a grid': (rng, count) =>
    vPolytope(Array.from({ length: count }, () => [Math.floor(4 * rng()), Math.floor(4 * rng())])),
  'points of a line': (rng, count) => {
    const direction = randomArray(rng, 3);
    const positions = Array.from({ length: count }, () => Math.floor(9 * rng()));
    return vPolytope(positions.map(t => direction.map(x => t * x)));
  },
  numbers: (rng, count) => vPolytope(Array.from({ length: count }, () => [Math.floor(9 * rng())])),
  'one point': (rng, count) => vPolytope(Array(count).fill(randomArray(rng, 2))),
};

const kinds = [...regionKinds, ...Object.keys(moreRegions)];
const regionOf = (kind: string, rng: Rng): Region =>
  kind in moreRegions ? moreRegions[kind](rng) : makeRegion(kind as (typeof regionKinds)[number], 3, rng);

/** γ of a frame of at most 20 rows on values of order 10. */
const TOLERANCE = 20 * 10 * 4 * Number.EPSILON;

const rowsOf = (regions: readonly Region[], kernel = bodyKernel): RegionRows[] => {
  let next = 0;
  return regions.map(region => {
    const start = next;
    next += region.frame.rows;
    return { region, kernel: kernel(region), start };
  });
};

const stateOf = (regions: readonly Region[], kinkCount: number): ShiftState => ({
  shift: new Float64Array(UNITS),
  sides: new Int8Array(regions.length * kinkCount * UNITS),
  active: new Int32Array(UNITS),
});

test.each(kinds)('range and extremes on a %s are core’s', kind => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = seededRng(seed);
    const region = regionOf(kind, rng);
    const [frame] = randomFrames([region], UNITS, rng);
    if (seed % 4 === 0) for (let i = UNITS; i < frame.data.length; i += UNITS) frame.data[i] = 0; // a flat unit
    const h = Float64Array.of(...randomArray(rng, 5), ...frame.data); // not from the array's start
    const lo = new Float64Array(UNITS + 2);
    const hi = new Float64Array(UNITS + 2);
    const expected = region.range(frame);
    for (const kernel of [bodyKernel(region), coreKernel(region)]) {
      kernel.range(h, 5, UNITS, lo, hi, 2);
      expectClose(lo.subarray(2), expected.lo, TOLERANCE, 'lo');
      expectClose(hi.subarray(2), expected.hi, TOLERANCE, 'hi');
      for (const side of [-1, 1]) {
        const point = new Float64Array(region.frame.rows);
        const extremes = region.extremes(frame, new Int8Array(UNITS).fill(side));
        for (let j = 0; j < UNITS; j++) {
          kernel.extreme(h, 5, UNITS, j, side, point);
          const column = extremes.data.filter((_, i) => i % UNITS === j);
          expectClose(point, column, TOLERANCE, `extreme ${side} of unit ${j}`);
        }
      }
    }
  }
});

test.each(Object.keys(planarRegions))('range and extremes on %s are core’s to the bit', kind => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 60 }), fc.boolean(), (seed, count, onGrid) => {
      const rng = seededRng(seed);
      const region = planarRegions[kind](rng, count);
      const [frame] = randomFrames([region], UNITS, rng);
      // Small whole numbers make edges level, and whole units flat.
      if (onGrid) frame.data.set(frame.data.map(x => Math.round(x / 4)));
      const kernel = bodyKernel(region);
      const lo = new Float64Array(UNITS);
      const hi = new Float64Array(UNITS);
      kernel.range(frame.data, 0, UNITS, lo, hi, 0);
      const expected = region.range(frame);
      expect({ lo, hi }).toEqual({ lo: expected.lo, hi: expected.hi });
      const point = new Float64Array(region.frame.rows);
      for (const side of [-1, 1]) {
        const { data } = region.extremes(frame, new Int8Array(UNITS).fill(side));
        for (let j = 0; j < UNITS; j++) {
          kernel.extreme(frame.data, 0, UNITS, j, side, point);
          expect(point.map(unsigned), `extreme ${side} of unit ${j}`).toEqual(
            data.filter((_, i) => i % UNITS === j).map(unsigned),
          );
        }
      }
    }),
    { numRuns: 100 },
  );
});

const policies: Policy[] = ['minimal', 'sticky'];
const activations: (() => Activation)[] = [relu, abs, () => leakyRelu(0.1)];

describe('the flat rule', () => {
  const agree = (regions: readonly Region[], seed: number, ties: boolean): void => {
    const rng = seededRng(seed);
    const activation = pick(rng, activations)();
    const policy = pick(rng, policies);
    const [flat, core] = [stateOf(regions, 1), stateOf(regions, 1)];
    const start = flat.sides.map(() => pick(rng, [-1, 0, 1]));
    for (const { sides } of [flat, core]) sides.set(start);
    const frames = randomFrames(regions, UNITS, rng);
    // Small whole numbers meet the kink, each other and zero exactly.
    if (ties) for (const { data } of frames) data.set(data.map(x => Math.round(x / 3)));
    const h = Float64Array.of(...frames.flatMap(({ data }) => [...data]));
    const rows = rowsOf(regions, ties ? bodyKernel : coreKernel);
    const margins = pick(rng, [undefined, regions.map(() => new Float64Array(UNITS).map(() => rng() / 4))]);
    flatRule(rows, UNITS, 0, policy === 'sticky')(h, flat, margins);
    coreRule(rows, UNITS, activation, policy)(h, core, margins);
    expect(flat).toEqual(core);
    const again = shiftsOf(regions, frames, activation, policy, start, undefined, margins);
    expect({ shift: again.shift, sides: again.sides, active: again.active }).toEqual(core);
  };

  test('is core’s rule, given the same ranges', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), (seed, count) => {
        const rng = seededRng(seed);
        const regions = Array.from({ length: count }, () => regionOf(pick(rng, kinds), rng));
        agree(regions, seed, false);
      }),
      { numRuns: 300 },
    );
  });

  test('is core’s rule on ties', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), (seed, count) => {
        const rng = seededRng(seed);
        const regions = Array.from({ length: count }, () =>
          pick(rng, [
            boxAround([1, 2, 3], 1),
            vPolytope([[0, 0, 0]]),
            boxAround([0, 0, 0], [1, 0, 1]),
            moreRegions['grid in space'](rng),
            moreRegions.line(rng),
          ]),
        );
        agree(regions, seed, true);
      }),
      { numRuns: 300 },
    );
  });

  test('its extremes carry core’s gradient', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const regions = [regionOf(pick(rng, kinds), rng), regionOf(pick(rng, kinds), rng)];
        const frames = randomFrames(regions, UNITS, rng);
        const dShift = randomArray(rng, UNITS);
        const shifts = shiftsOf(regions, frames, relu(), 'minimal');
        const expected = shiftGradient(regions, frames, relu(), shifts, dShift);
        regions.forEach((region, r) => {
          const kernel = bodyKernel(region);
          const point = new Float64Array(region.frame.rows);
          for (let j = 0; j < UNITS; j++) {
            if (shifts.active[j] !== r) continue;
            kernel.extreme(frames[r].data, 0, UNITS, j, shifts.shift[j] > 0 ? -1 : 1, point);
            const found = point.map(x => -x * dShift[j]);
            expectClose(
              found,
              expected[r].data.filter((_, i) => i % UNITS === j),
              TOLERANCE,
              `unit ${j}`,
            );
          }
        });
      }),
      { numRuns: 100 },
    );
  });
});
