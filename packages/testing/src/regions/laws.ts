import {
  matrix,
  pointsAt,
  type Region,
  type RegionJSON,
  regionFromJSON,
  rowOf,
  vPolytope,
} from '@police/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAtMost, expectClose, randomArray, seededRng, seeds } from '../helpers.js';
import {
  frameValues,
  functionalTolerance,
  largest,
  type RegionCase,
  randomFunctionals,
  slowRange,
  valueAt,
  verticesOf,
} from './oracles.js';

const COUNT = 12;
const minimum = new Int8Array(COUNT).fill(-1);
const maximum = new Int8Array(COUNT).fill(1);

/** Laws by name, to be left out where they are not for a kind. */
export const SURVIVES_JSON = 'survives JSON';
export const VOTES_COUNT_VERTICES = 'votes count the vertices';

/**
 * Registers a test of every law of a kind of region, over random ones and random functionals on them. Ranges may be longer
 * than what extremes attain by `gap`, as a share of the region's size.
 */
export function testRegionLaws(
  { make }: RegionCase,
  numRuns = 25,
  { leftOut = [], gap = 0 }: { readonly leftOut?: readonly string[]; readonly gap?: number } = {},
): void {
  /** Runs a law over random regions of the kind and random functionals on them. */
  const law = (name: string, check: (region: Region, rng: () => number) => void) => {
    if (leftOut.includes(name)) return;
    test(name, () => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          check(make(rng), rng);
        }),
        { numRuns },
      );
    });
  };

  law('range is what all vertices say', (region, rng) => {
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
  });

  law('no sample leaves the range, and extremes attain it', (region, rng) => {
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
  });

  law(
    'extremes are subgradients: hi(h′) ≥ hi(h) + extremes · (h′ − h), and the range is their product with h',
    (region, rng) => {
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
  );

  law('addExtremes adds a factor times them, and nothing to a column of side 0', (region, rng) => {
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
  });

  law('a simplex tells the first vertex that attains an extreme', (region, rng) => {
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
  });

  law('reach bounds |h₀| + Σ|λᵢ hᵢ| at extremes and between them', (region, rng) => {
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
  });

  law(
    'contains its samples, its extremes, its vertices and the points just inside them, nothing outside',
    (region, rng) => {
      const functionals = randomFunctionals(region, COUNT, rng);
      const points = pointsAt(region, region.extremes(frameValues(region, functionals), maximum));
      const centre = region.sample(rng);
      const JUST = 2 ** -20;
      const width = (j: number) =>
        valueAt(functionals[j], rowOf(points, j)) - valueAt(functionals[j], centre);
      for (let i = 0; i < 10; i++) expect(region.contains(region.sample(rng)), 'a sample').toBe(true);
      for (const vertex of verticesOf(region)) expect(region.contains(vertex), 'a vertex').toBe(true);
      for (let j = 0; j < COUNT; j++) {
        const corner = rowOf(points, j);
        expect(region.contains(corner), `extreme ${j}`).toBe(true);
        const at = (t: number) => corner.map((x, k) => centre[k] + t * (x - centre[k]));
        expect(region.contains(at(1 - JUST)), `just inside ${j}`).toBe(true);
        // Further along a line on which the functional grows to its maximum at the corner: outside, unless flat there.
        if (width(j) > JUST * largest(region))
          expect(region.contains(at(1 + JUST)), `just outside ${j}`).toBe(false);
      }
    },
  );

  law('contains nothing that a functional separates from it', (region, rng) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const h = frameValues(region, functionals);
    const { hi } = region.range(h);
    const points = pointsAt(region, region.extremes(h, maximum));
    const centre = region.sample(rng);
    for (let j = 1; j < COUNT; j++) {
      // The fourth corner of a parallelogram: off every axis, in the hull's plane.
      const x = centre.map((c, k) => rowOf(points, 0)[k] + rowOf(points, j)[k] - c);
      const excess = functionals.map((functional, i) => valueAt(functional, x) - hi[i]);
      if (Math.max(...excess) > 2 ** -20 * largest(region)) expect(region.contains(x)).toBe(false);
    }
  });

  law('contains nothing off its affine hull', (region, rng) => {
    const { frame, size } = region;
    const x = region.sample(rng);
    // What a random direction has left when its components along the hull are removed, twice for orthogonality.
    const off = randomArray(rng, size);
    const basis: number[][] = [];
    for (let i = 1; i <= frame.rows; i++) {
      const row = i < frame.rows ? Array.from(rowOf(frame, i)) : off;
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
    const step = 2 ** -20 * largest(region);
    expect(region.contains(x)).toBe(true);
    expect(region.contains(x.map((value, k) => value + step * basis.at(-1)![k]))).toBe(false);
  });

  law(SURVIVES_JSON, (region, rng) => {
    const again = regionFromJSON(JSON.parse(JSON.stringify(region)));
    const h = frameValues(region, randomFunctionals(region, COUNT, rng));
    expect(again.range(h)).toEqual(region.range(h));
    expect(again.toJSON()).toEqual(region.toJSON());
    expect(again.slack).toEqual(region.slack);
  });

  law(VOTES_COUNT_VERTICES, (region, rng) => {
    const functionals = randomFunctionals(region, COUNT, rng);
    const h = frameValues(region, functionals);
    const threshold = largest(region) / 8;
    const votes = region.votes(h, threshold);
    const vertices = verticesOf(region);
    if (!listsVertices(region.toJSON())) {
      // Of two opposite vertices one at least lies on the centre's side, so the centre's sign is the majority.
      expect(votes).toEqual(h.data.slice(0, COUNT).map(value => Math.sign(value - threshold)));
      if (vertices.length === 0) return;
      const counted = vPolytope(vertices);
      const shares = counted.votes(frameValues(counted, functionals), threshold);
      shares.forEach((share, j) => {
        if (share !== 0) expect(Math.sign(share), `functional ${j}`).toBe(votes[j]);
      });
      return;
    }
    const shares = functionals.map(
      functional =>
        vertices.reduce((sum, v) => sum + Math.sign(valueAt(functional, v) - threshold), 0) / vertices.length,
    );
    expectClose(votes, shares, 4 * vertices.length * Number.EPSILON, 'votes');
  });
}

/** Whether votes are counted over vertices; else the centre decides. */
function listsVertices(json: RegionJSON): boolean {
  if ('region' in json) return listsVertices(json.region);
  return json.kind === 'simplex' || json.kind === 'vPolytope' || json.kind === 'hPolytope';
}
