import type { Region, Rng } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import {
  expectClose,
  makeRegion,
  randomArray,
  randomFrames,
  regionKinds,
  seededRng,
} from '@police/testing/helpers';
import { moreRegionNames, moreRegions, randomHPolytope } from '@police/testing/regions/cases';
import { roundedBox } from '@police/testing/regions/rounded-box';
import { expect, test } from 'vitest';
import { matrix, matrixFromRows } from '../../src/numeric/matrix.js';
import { regularPolygon, vPolytope } from '../../src/regions/index.js';
import { programmedPolytope } from '../../src/regions/programs/programmed-polytope.js';

const programs = await loadLinearPrograms();
const UNITS = 7;

/** γ of a frame of at most 32 rows on values of order 10. */
const TOLERANCE = 32 * 10 * 4 * Number.EPSILON;

/** What a solver's vertex is off its optimum, at most: see `programmedPolytope`. */
const SOLVER = 1e-9;

const kinds: Record<string, (rng: Rng) => Region> = {
  ...Object.fromEntries(regionKinds.map(kind => [kind, (rng: Rng) => makeRegion(kind, 3, rng)])),
  ...Object.fromEntries(moreRegionNames.map(name => [name, (rng: Rng) => moreRegions[name](rng, 1)])),
  'a polygon of many corners': rng => regularPolygon(40, randomArray(rng, 2)),
  'points of a grid': rng =>
    vPolytope(Array.from({ length: 30 }, () => [Math.floor(4 * rng()), Math.floor(4 * rng())])),
  'points of a line': rng => {
    const direction = randomArray(rng, 3);
    return vPolytope(Array.from({ length: 20 }, () => direction.map(x => Math.floor(9 * rng()) * x)));
  },
  numbers: rng => vPolytope(Array.from({ length: 20 }, () => [Math.floor(9 * rng())])),
  'a kind that core does not know': rng => roundedBox(randomArray(rng, 3), [0.5, 1, 2]),
  'many half-spaces': rng => {
    const { A, b } = randomHPolytope(rng, 3, 4, 1);
    return programmedPolytope(matrixFromRows(A), Float64Array.from(b), programs);
  },
};

test.each(Object.keys(kinds))('in place as in arrays of their own: range and extremes over %s', kind => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = seededRng(seed);
    const region = kinds[kind](rng);
    const [frame] = randomFrames([region], UNITS, rng);
    if (seed % 4 === 0) for (let i = UNITS; i < frame.data.length; i += UNITS) frame.data[i] = 0; // a flat unit
    // Small whole numbers make edges level, and units tie.
    if (seed % 3 === 0) frame.data.set(frame.data.map(x => Math.round(x / 4)));
    // Rows that follow others in a longer array.
    const all = Float64Array.of(...randomArray(rng, 5), ...frame.data);
    const h = matrix(frame.rows, UNITS, all.subarray(5));
    const [lo, hi] = [new Float64Array(UNITS).fill(Number.NaN), new Float64Array(UNITS).fill(Number.NaN)];
    region.body.rangeInto(h, lo, hi);
    const { lo: least, hi: most } = region.range(frame);
    expect({ lo, hi }).toEqual({ lo: least, hi: most });
    for (const side of [-1, 1]) {
      const extremes = region.extremes(frame, new Int8Array(UNITS).fill(side)).data;
      for (let j = 0; j < UNITS; j++) {
        const point = new Float64Array(frame.rows + 2).fill(Number.NaN);
        region.body.extremeInto(h, j, side, point.subarray(0, frame.rows));
        expect([...point.subarray(frame.rows)]).toEqual([Number.NaN, Number.NaN]);
        const found = point.subarray(0, frame.rows);
        const slack = kind === 'many half-spaces' ? SOLVER : 0;
        expectClose(
          found,
          extremes.filter((_, i) => i % UNITS === j),
          TOLERANCE + slack,
          `unit ${j}, ${side}`,
        );
        const value = found.reduce((sum, x, i) => sum + x * h.data[i * UNITS + j], 0);
        expectClose([value], [side < 0 ? lo[j] : hi[j]], TOLERANCE + slack, `extreme ${side} of unit ${j}`);
      }
    }
  }
});

test.each([1e-200, 1e200])(
  'a ball’s range at frame values of order %s, whose squares do not exist',
  scale => {
    const region = makeRegion('ball', 3, seededRng(1));
    const [frame] = randomFrames([region], UNITS, seededRng(2));
    const large = matrix(
      frame.rows,
      UNITS,
      frame.data.map(x => x * scale),
    );
    const [found, expected] = [region.range(large), region.range(frame)];
    for (const end of ['lo', 'hi'] as const) {
      expectClose(
        found[end].map(x => x / scale),
        expected[end],
        TOLERANCE,
        end,
      );
    }
  },
);
