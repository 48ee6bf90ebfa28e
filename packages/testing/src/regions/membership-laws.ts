import { pointsAt, rowOf } from '@police/core';
import { expect } from 'vitest';
import { randomArray } from '../helpers.js';
import { COUNT, type Law, maximum } from './law.js';
import { frameValues, largest, looseness, randomFunctionals, valueAt, verticesOf } from './oracles.js';

/** What a region contains, and what not. */
export const MEMBERSHIP_LAWS: Readonly<Record<string, Law>> = {
  'contains its samples, its extremes, its vertices and the points just inside them, nothing outside': (
    region,
    rng,
  ) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const points = pointsAt(region, region.extremes(frameValues(region, functionals), maximum));
    const centre = region.sample(rng);
    const JUST = 2 ** -20;
    const step = Math.max(JUST, looseness(region));
    const width = (j: number) => valueAt(functionals[j], rowOf(points, j)) - valueAt(functionals[j], centre);
    for (let i = 0; i < 10; i++) expect(region.contains(region.sample(rng)), 'a sample').toBe(true);
    for (const vertex of verticesOf(region)) expect(region.contains(vertex), 'a vertex').toBe(true);
    for (let j = 0; j < COUNT; j++) {
      const corner = rowOf(points, j);
      expect(region.contains(corner), `extreme ${j}`).toBe(true);
      const at = (t: number) => corner.map((x, k) => centre[k] + t * (x - centre[k]));
      expect(region.contains(at(1 - JUST)), `just inside ${j}`).toBe(true);
      // Further along a line on which the functional grows to its maximum at the corner: outside, unless flat there.
      if (width(j) > JUST * largest(region) && step <= 1)
        expect(region.contains(at(1 + step)), `outside ${j} by ${step}`).toBe(false);
    }
  },

  'contains nothing that a functional separates from it': (region, rng) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const h = frameValues(region, functionals);
    const { lo, hi } = region.range(h);
    const share = Math.max(2 ** -20, looseness(region));
    const points = pointsAt(region, region.extremes(h, maximum));
    const centre = region.sample(rng);
    for (let j = 1; j < COUNT; j++) {
      // The fourth corner of a parallelogram: off every axis, in the hull's plane.
      const x = centre.map((c, k) => rowOf(points, 0)[k] + rowOf(points, j)[k] - c);
      const isSeparated = functionals.some(
        (functional, i) => valueAt(functional, x) - hi[i] > share * (hi[i] - lo[i]),
      );
      if (isSeparated) expect(region.contains(x)).toBe(false);
    }
  },

  'contains nothing off its affine hull': (region, rng) => {
    const { frame, size } = region;
    const x = region.sample(rng);
    // Every coordinate in units of its own size.
    const units = region.reach(frame).map(reach => reach || 1);
    // What a random direction has left when its components along the hull are removed, twice for orthogonality.
    const off = randomArray(rng, size);
    const basis: number[][] = [];
    for (let i = 1; i <= frame.rows; i++) {
      const row = i < frame.rows ? Array.from(rowOf(frame, i), (value, k) => value / units[k]) : off;
      const before = Math.hypot(...row);
      for (let pass = 0; pass < 2; pass++) {
        for (const axis of basis) {
          const along = row.reduce((sum, value, k) => sum + value * axis[k], 0);
          axis.forEach((value, k) => {
            row[k] -= along * value;
          });
        }
      }
      const length = Math.hypot(...row);
      // Directions may depend on those before them; what is left of them is rounding.
      if (length > 2 ** -30 * before) basis.push(row.map(value => value / length));
      else if (i === frame.rows) return; // the hull is all of the space
    }
    const step = 2 ** -20;
    expect(region.contains(x)).toBe(true);
    expect(region.contains(x.map((value, k) => value + step * units[k] * basis.at(-1)![k]))).toBe(false);
  },
};
