import { box, boxAround, type Matrix, matrixFromRows, type Region, vPolytope } from '@police/core';
import {
  absolute,
  add,
  approximate,
  compare,
  exact,
  multiply,
  subtract,
} from '@police/testing/exact/rational';
import { makeRegion, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { polygon, regionCases, verticesOf } from '@police/testing/regions/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affineFrame } from '../../src/regions/hull/affine-frame.js';

/** Of the swap rule: no swap could enlarge the frame's volume by more than 1%. */
const LARGEST_COORDINATE = 1.01;

/** Every barycentric coordinate of every vertex, the origin's included. */
function barycentric({ rows, cols, data }: Matrix): number[] {
  return Array.from({ length: rows }, (_, p) => {
    const lambda = Array.from(data.subarray(p * cols, (p + 1) * cols));
    return [1 - lambda.reduce((a, b) => a + b, 0), ...lambda];
  }).flat();
}

/** Checks in exact arithmetic that |vertex − (frame₀ + Σ λᵢ frameᵢ)| ≤ slack. */
function expectWithinSlack(
  vertex: ArrayLike<number>,
  lambda: ArrayLike<number>,
  frame: Matrix,
  slack: Float64Array,
) {
  const at = (i: number, k: number) => exact(frame.data[i * frame.cols + k]);
  for (let k = 0; k < frame.cols; k++) {
    let represented = at(0, k);
    for (let i = 1; i < frame.rows; i++)
      represented = add(represented, multiply(exact(lambda[i - 1]), at(i, k)));
    const error = absolute(subtract(represented, exact(vertex[k])));
    const message = `coordinate ${k} is off by ${approximate(error)}, the slack is ${slack[k]}`;
    expect(compare(error, exact(slack[k])), message).toBeLessThanOrEqual(0);
  }
}

function expectGoodFrame(vertices: readonly (readonly number[])[], dimension?: number): void {
  const { frame, coordinates, slack } = affineFrame(matrixFromRows(vertices));
  if (dimension !== undefined) expect(frame.rows).toBe(dimension + 1);
  const d = frame.rows - 1;
  const most = Math.max(...barycentric(coordinates).map(Math.abs));
  expect(most, 'largest barycentric coordinate').toBeLessThanOrEqual(LARGEST_COORDINATE);
  vertices.forEach((vertex, p) => {
    expectWithinSlack(vertex, coordinates.data.subarray(p * d, (p + 1) * d), frame, slack);
  });
  // Rounding may be amplified by the coordinates, at most about 1 each, and by the frame's condition, not by more.
  const largest = Math.max(...vertices.flat().map(Math.abs));
  const tolerance = 2 ** 12 * (d + 2) * Number.EPSILON * largest;
  expect(Math.max(...slack), 'slack').toBeLessThanOrEqual(tolerance);
}

describe('the frame of vertices represents each of them within the slack, by coordinates of at most about 1', () => {
  test.each(regionCases)('$name', ({ make }) => {
    fc.assert(
      fc.property(seeds, seed => {
        const vertices = verticesOf(make(seededRng(seed)));
        if (vertices.length > 0) expectGoodFrame(vertices);
      }),
      { numRuns: 20 },
    );
  });

  test('random points in one to five dimensions, flat or not, near the origin or far', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<number>(0, 1, 1e3),
        (seed, size, away) => {
          const rng = seededRng(seed);
          const hull = 1 + Math.floor(rng() * size);
          const axes = Array.from({ length: hull }, () => randomArray(rng, size));
          const vertices = Array.from({ length: 3 * hull + 2 }, () => {
            const t = randomArray(rng, hull);
            return Array.from({ length: size }, (_, k) =>
              axes.reduce((sum, axis, i) => sum + t[i] * axis[k], away),
            );
          });
          expectGoodFrame(vertices, hull);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('special positions', () => {
    expectGoodFrame([[3, 4]], 0);
    expectGoodFrame(
      [
        [3, 4],
        [3, 4],
        [3, 4],
      ],
      0,
    );
    expectGoodFrame(
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [1, 1],
      ],
      1,
    );
    expectGoodFrame(
      [
        [1e9, 1e9 + 1],
        [1e9, 1e9 + 2],
        [1e9, 1e9 + 5],
      ],
      1,
    );
    expectGoodFrame(verticesOf(polygon(50)), 2);
    expectGoodFrame(verticesOf(box([0, 0, 0, 0, 0], [1, 1, 1, 1, 1])), 5);
    // A needle: long in one direction, thin but not flat in the other.
    expectGoodFrame(
      [
        [0, 0],
        [1, 1e-6],
        [2, -1e-6],
        [3, 0],
      ],
      2,
    );
  });
});

test('a frame spans its region’s hull and no more', () => {
  const rows = (region: Region) => region.frame.rows;
  const rng = seededRng(1);
  expect(rows(makeRegion('simplex', 5, rng))).toBe(6);
  expect(rows(makeRegion('vPolytope', 5, rng))).toBe(6);
  expect(rows(makeRegion('flatPolytope', 5, rng))).toBe(2);
  expect(rows(makeRegion('point', 5, rng))).toBe(1);
  expect(rows(makeRegion('flatBox', 5, rng))).toBe(4);
  expect(rows(boxAround([1, 2], 0))).toBe(1);
  expect(
    rows(
      vPolytope([
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
        [1, 1, 0],
      ]),
    ),
  ).toBe(3);
});

test('a box’s corners lie within the slack of centre ± radii, exactly', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1e-9, 1, 1e9), (seed, scale) => {
      const rng = seededRng(seed);
      const lower = randomArray(rng, 3, scale);
      const upper = lower.map(x => x + rng() * scale * 10 ** (-18 * rng()));
      const region = box(lower, upper);
      const { frame, slack } = region;
      for (const corner of verticesOf(region)) {
        // A fixed coordinate has no direction, hence the cumulative count.
        const free = upper.map((x, i) => x > lower[i]);
        const lambda = corner.flatMap((x, i) => (free[i] ? [x === upper[i] ? 1 : -1] : []));
        expectWithinSlack(corner, lambda, frame, slack);
      }
    }),
    { numRuns: 300 },
  );
});
