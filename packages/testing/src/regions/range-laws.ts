import { matrix, pointsAt, rowOf } from '@police/core';
import { expect } from 'vitest';
import { expectAtMost, expectClose, randomArray } from '../helpers.js';
import { COUNT, type Law, maximum, minimum } from './law.js';
import {
  frameValues,
  functionalTolerance,
  largest,
  randomFunctionals,
  slowRange,
  valueAt,
} from './oracles.js';

/** Ranges, and the points where they are attained. */
export const RANGE_LAWS: Readonly<Record<string, Law>> = {
  'range is what all vertices say': (region, rng, gap) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const { lo, hi } = region.range(frameValues(region, functionals));
    const slow = functionals.map(functional => slowRange(region, functional));
    const tolerance = functionalTolerance(region) + gap * largest(region);
    expectClose(
      lo,
      slow.map(([least]) => least),
      tolerance,
      'minimum',
    );
    expectClose(
      hi,
      slow.map(([, most]) => most),
      tolerance,
      'maximum',
    );
  },

  'no sample leaves the range, and extremes attain it': (region, rng, gap) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const h = frameValues(region, functionals);
    const { lo, hi } = region.range(h);
    const tolerance = functionalTolerance(region) + gap * largest(region);
    for (let i = 0; i < 20; i++) {
      const x = region.sample(rng);
      const values = functionals.map(functional => valueAt(functional, x));
      expectAtMost(values, hi, tolerance, 'a sample above the maximum');
      expectAtMost(lo, values, tolerance, 'a sample below the minimum');
    }
    for (const [side, expected] of [
      [minimum, lo],
      [maximum, hi],
    ] as const) {
      const points = pointsAt(region, region.extremes(h, side));
      const attained = functionals.map((functional, j) => valueAt(functional, rowOf(points, j)));
      expectClose(attained, expected, tolerance, `values at the extremes of side ${side[0]}`);
    }
  },

  'extremes are subgradients: hi(h′) ≥ hi(h) + extremes · (h′ − h), and the range is their product with h': (
    region,
    rng,
    gap,
  ) => {
    const rows = region.frame.rows;
    const random = () => matrix(rows, COUNT, Float64Array.from(randomArray(rng, rows * COUNT)));
    const h = random();
    const other = random();
    const tolerance = (16 * (rows + 8) * Number.EPSILON + gap) * rows;
    for (const [side, name] of [
      [minimum, 'lo'],
      [maximum, 'hi'],
    ] as const) {
      const at = region.extremes(h, side);
      const product = (values: typeof h, j: number) =>
        Array.from({ length: rows }, (_, i) => at.data[i * COUNT + j] * values.data[i * COUNT + j]).reduce(
          (a, b) => a + b,
        );
      const here = region.range(h)[name];
      const there = region.range(other)[name];
      expectClose(
        Array.from(here, (_, j) => product(h, j)),
        here,
        tolerance,
        name,
      );
      there.forEach((value, j) => {
        expect(side[j] * (value - product(other, j)), `${name} of functional ${j}`).toBeGreaterThanOrEqual(
          -tolerance,
        );
      });
    }
    expect(region.extremes(h, new Int8Array(COUNT)).data.every(value => value === 0)).toBe(true);
  },

  'addExtremes adds a factor times them, and nothing to a column of side 0': (region, rng) => {
    const rows = region.frame.rows;
    const h = matrix(rows, COUNT, Float64Array.from(randomArray(rng, rows * COUNT)));
    const side = Int8Array.from({ length: COUNT }, (_, j) => (j % 3) - 1);
    const factor = Float64Array.from(side, (s, j) => (s === 0 ? Number.POSITIVE_INFINITY : j - 1.5));
    const before = Float32Array.from(randomArray(rng, rows * COUNT));
    const into = { rows, cols: COUNT, data: before.slice() };
    region.addExtremes(into, h, side, factor);
    const at = region.extremes(h, side).data;
    into.data.forEach((value, i) => {
      const j = i % COUNT;
      const added = side[j] === 0 ? before[i] : Math.fround(before[i] + factor[j] * at[i]);
      // Products in another order, then float32.
      const tolerance = 4 * Number.EPSILON * COUNT * Math.abs(at[i]) + 2 ** -23 * Math.abs(added);
      expect(Math.abs(value - added), `entry ${i}`).toBeLessThanOrEqual(tolerance);
    });
  },

  'a simplex tells the first vertex that attains an extreme': (region, rng) => {
    const rows = region.frame.rows;
    // Few values, so that there are ties.
    const h = matrix(
      rows,
      COUNT,
      Float64Array.from({ length: rows * COUNT }, () => Math.floor(3 * rng()) - 1),
    );
    const { lo, hi, rows: found } = region.range(h);
    expect(found !== undefined).toBe(region.isSimplex === true);
    if (!found) return;
    const vertexValue = (row: number, j: number) => h.data[j] + (row === 0 ? 0 : h.data[row * COUNT + j]);
    for (let j = 0; j < COUNT; j++) {
      expect(vertexValue(found.lo[j], j)).toBe(lo[j]);
      expect(vertexValue(found.hi[j], j)).toBe(hi[j]);
    }
    for (const [side, at] of [
      [minimum, found.lo],
      [maximum, found.hi],
    ] as const) {
      const points = region.extremes(h, side);
      at.forEach((row, j) => {
        for (let i = 1; i < rows; i++) expect(points.data[i * COUNT + j]).toBe(Number(i === row));
      });
    }
  },

  'reach bounds |h₀| + Σ|λᵢ hᵢ| at extremes and between them': (region, rng) => {
    const rows = region.frame.rows;
    const random = () => matrix(rows, COUNT, Float64Array.from(randomArray(rng, rows * COUNT)));
    const h = random();
    const reach = region.reach(h);
    const a = region.extremes(random(), maximum).data;
    const b = region.extremes(random(), minimum).data;
    const tolerance = 4 * (rows + 2) * Number.EPSILON * Math.max(...reach);
    for (const share of [0, 0.3, 1]) {
      for (let point = 0; point < COUNT; point++) {
        const totals = new Float64Array(COUNT);
        for (let i = 0; i < rows; i++) {
          const lambda = share * a[i * COUNT + point] + (1 - share) * b[i * COUNT + point];
          for (let j = 0; j < COUNT; j++) totals[j] += Math.abs(lambda * h.data[i * COUNT + j]);
        }
        expectAtMost(totals, reach, tolerance, `reach at point ${point}`);
      }
    }
  },
};
