import '@tensorflow/tfjs-backend-cpu';
import { ball, box, forward, gapOf, matrix, patch, vPolytope } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { contourLevels, fittedScale, roundUp, symmetricScale } from '../src/draw/scale.js';
import { forwardColumns, hold } from '../src/picture/forward.js';
import { LineMask } from '../src/picture/line-mask.js';
import { eachContour, eachSegment } from '../src/picture/segments.js';
import { plainLayers } from '../src/training/plain-network.js';
import { randomChain } from './networks.js';

type Segment = readonly [number, number, number, number];

const segmentsOf = (values: Float32Array, side: number, level: number): Segment[] => {
  const found: Segment[] = [];
  eachContour(values, side, [level], (_, ...segment) => found.push(segment));
  return found;
};

const signChanges = (values: Float32Array, side: number, hidden?: Uint8Array): Segment[] => {
  const found: Segment[] = [];
  eachSegment(values, side, (...segment) => found.push(segment), hidden);
  return found;
};

const SIDE = 9;
const value = fc.oneof(fc.float({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, -0, 1));
const values = fc
  .array(value, { minLength: SIDE * SIDE, maxLength: SIDE * SIDE })
  .map(given => Float32Array.from(given));
const level = fc.float({ min: -2, max: 2, noNaN: true });

/** Bilinear between the four points around, as along the edges of cells. */
function between(grid: Float32Array, x: number, y: number): number {
  const [column, row] = [Math.min(SIDE - 2, Math.floor(x)), Math.min(SIDE - 2, Math.floor(y))];
  const [s, t] = [x - column, y - row];
  const at = (c: number, r: number) => grid[(row + r) * SIDE + column + c];
  return (1 - t) * ((1 - s) * at(0, 0) + s * at(1, 0)) + t * ((1 - s) * at(0, 1) + s * at(1, 1));
}

describe('lines of equal value', () => {
  test('have the level at their ends, which lie on the sides of cells', () => {
    fc.assert(
      fc.property(values, level, (grid, wanted) => {
        for (const [x1, y1, x2, y2] of segmentsOf(grid, SIDE, wanted)) {
          for (const [x, y] of [
            [x1, y1],
            [x2, y2],
          ]) {
            expect(Number.isInteger(x) || Number.isInteger(y)).toBe(true);
            expect(Math.abs(between(grid, x, y) - Math.fround(wanted))).toBeLessThan(2 ** -18);
          }
        }
      }),
    );
  });

  /** Of a cell's side, as far as float32 tells places from its ends. */
  const CORNER = 2 ** -16;

  test('cross each side of a cell between a point above and one that is not, and no other', () => {
    let clear = 0;
    fc.assert(
      fc.property(values, level, (grid, wanted) => {
        const shifted = wanted === 0 ? grid : grid.map(y => y - wanted);
        const sides = new Set<string>();
        for (const [x1, y1, x2, y2] of segmentsOf(grid, SIDE, wanted))
          for (const end of [`${x1} ${y1}`, `${x2} ${y2}`]) sides.add(end);
        let crossed = 0;
        let isClear = true;
        const look = (a: number, b: number) => {
          if (a > 0 === b > 0) return;
          crossed++;
          // Nearer to a corner a line's end may be rounded to it, where several sides meet.
          const share = Math.abs(a) / (Math.abs(a) + Math.abs(b));
          isClear &&= Math.min(share, 1 - share) > CORNER;
        };
        for (let i = 0; i < SIDE * SIDE; i++) {
          if (i % SIDE < SIDE - 1) look(shifted[i], shifted[i + 1]);
          if (i < SIDE * (SIDE - 1)) look(shifted[i], shifted[i + SIDE]);
        }
        expect(sides.size).toBeLessThanOrEqual(crossed);
        if (isClear) {
          clear++;
          expect(sides.size).toBe(crossed);
        }
      }),
    );
    expect(clear).toBeGreaterThan(0);
  });

  test('of a hidden part are left out', () => {
    fc.assert(
      fc.property(values, grid => {
        const all = new Uint8Array(grid.length).fill(1);
        expect(signChanges(grid, SIDE, all)).toEqual([]);
        expect(signChanges(grid, SIDE, new Uint8Array(grid.length))).toEqual(signChanges(grid, SIDE));
      }),
    );
  });

  test('of 0 are where signs change', () => {
    fc.assert(
      fc.property(values, grid => {
        const signed = grid.map(y => y + 0); // −0 has a sign of its own
        expect(signChanges(signed, SIDE)).toEqual(segmentsOf(signed, SIDE, 0));
      }),
    );
  });

  test('of several levels are those of each', () => {
    fc.assert(
      fc.property(values, fc.uniqueArray(level, { maxLength: 8 }), (grid, wanted) => {
        const levels = [...wanted].sort((a, b) => a - b);
        const found: Segment[][] = levels.map(() => []);
        eachContour(grid, SIDE, levels, (k, ...segment) => found[k].push(segment));
        expect(found).toEqual(levels.map(each => segmentsOf(grid, SIDE, each)));
      }),
    );
  });
});

describe('a line in pixels', () => {
  const SIZE = 24;
  const place = fc.double({ min: 1, max: SIZE - 1, noNaN: true });

  test('darkens only what is within a pixel and a half of it, and all that it runs along', () => {
    fc.assert(
      fc.property(place, place, place, place, (x1, y1, x2, y2) => {
        const mask = new LineMask(SIZE);
        mask.line(x1, y1, x2, y2);
        const [dx, dy] = [x2 - x1, y2 - y1];
        const long = Math.max(Math.abs(dx), Math.abs(dy));
        let dark = 0;
        for (let i = 0; i < SIZE * SIZE; i++) {
          if (mask.pixels[4 * i + 3] === 0) continue;
          dark++;
          const [px, py] = [(i % SIZE) + 0.5, Math.floor(i / SIZE) + 0.5];
          const along = Math.max(
            0,
            Math.min(1, ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy || 1)),
          );
          expect(Math.hypot(px - x1 - along * dx, py - y1 - along * dy)).toBeLessThan(1.5);
        }
        // One pixel or two for each whole one of its longer extent.
        expect(dark).toBeGreaterThanOrEqual(Math.floor(long) - 1);
        expect(dark).toBeLessThanOrEqual(2 * Math.ceil(long + 1));
      }),
    );
  });

  test('drawn in two parts is the same line', () => {
    fc.assert(
      fc.property(
        place,
        place,
        place,
        place,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (x1, y1, x2, y2, share) => {
          const [whole, parts] = [new LineMask(SIZE), new LineMask(SIZE)];
          const middle = [x1 + share * (x2 - x1), y1 + share * (y2 - y1)] as const;
          whole.line(x1, y1, x2, y2);
          parts.line(x1, y1, ...middle);
          parts.line(...middle, x2, y2);
          // What lies within rounding between two pixels may be another's, by a shade.
          const difference = whole.pixels.reduce(
            (most, alpha, i) => Math.max(most, Math.abs(alpha - parts.pixels[i])),
            0,
          );
          fc.pre(Math.abs(Math.abs(x2 - x1) - Math.abs(y2 - y1)) > 2 ** -20);
          expect(difference).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('a scale of colours', () => {
  const heights = fc
    .array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 })
    .map(given => Float32Array.from(given));

  test('around 0 holds all but the largest hundredth, and is at most half as large again', () => {
    fc.assert(
      fc.property(heights, given => {
        const { lo, hi } = symmetricScale(given);
        expect(lo).toBe(-hi);
        const sizes = [...given.map(Math.abs)].sort((a, b) => a - b);
        const largest = sizes[Math.floor(0.99 * (sizes.length - 1))];
        if (largest === 0) return;
        expect(hi).toBeGreaterThanOrEqual(largest * (1 - 1e-9));
        expect(hi).toBeLessThanOrEqual(1.51 * largest);
      }),
    );
  });

  test('fitted holds all values, and has at most some twenty contours, one at 0', () => {
    fc.assert(
      fc.property(heights, heights, (a, b) => {
        const scale = fittedScale(a, b);
        for (const y of [...a, ...b]) {
          expect(y).toBeGreaterThanOrEqual(scale.lo);
          expect(y).toBeLessThanOrEqual(scale.hi);
        }
        const levels = contourLevels(scale, 20);
        expect(levels.length).toBeLessThanOrEqual(21);
        expect(levels.length).toBeGreaterThanOrEqual(4);
        if (scale.lo < 0 && scale.hi > 0) expect(levels.some(at => at === 0)).toBe(true);
      }),
    );
  });

  test('ends at numbers a person would write', () => {
    expect([0.031, 1, 1.01, 2.6, 999].map(size => roundUp(size, [1, 2, 5, 10]))).toEqual([
      0.05, 1, 2, 5, 1000,
    ]);
  });
});

describe('what the painter computes', () => {
  beforeAll(() => tf.setBackend('cpu'));

  const points = matrix(
    40,
    2,
    Float64Array.from({ length: 80 }, (_, i) => Math.fround(4 * Math.sin(i))),
  );
  const columns = Float32Array.from({ length: 80 }, (_, i) => points.data[2 * (i % 40) + Math.floor(i / 40)]);
  /** Of values of order 10 in float32, a few layers deep. */
  const TOLERANCE = 2 ** -14;

  test.each(['relu', 'leakyRelu', 'abs', 'elu'] as const)('%s: is the network, by core', activation => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const net = randomChain(seed, activation);
        const plain = { layers: plainLayers(net), activation, patches: [] };
        const found = forwardColumns(
          plain,
          tf.tensor2d(columns, [2, 40]),
          ({ values: y, preActivations }) => ({
            y: y.slice(),
            units: preActivations.map(layer => layer.length / 40),
          }),
        );
        const expected = forward(net, points).data;
        found.y.forEach((y, i) => {
          expect(Math.abs(y - expected[i])).toBeLessThan(TOLERANCE * (1 + Math.abs(expected[i])));
        });
        expect(found.units).toEqual([5, 4]);
      }),
      { numRuns: 20 },
    );
  });

  test('patches hold it as core’s do', () => {
    const regions = [
      box([-1, -1], [0.5, 1]),
      ball([2.5, 2.5], 0.5),
      vPolytope([
        [-3, -3],
        [-2, -3],
        [-3, -2],
      ]),
    ];
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...regions),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (seed, region, steepness) => {
          const net = randomChain(seed, 'relu');
          const {
            network,
            regions: [patched],
          } = patch(net, [region], { steepness });
          const { A, b } = patched.map;
          const gap = Float32Array.from(forward(gapOf(region).network, points).data);
          const before = Float32Array.from(forward(net, points).data);
          const plain = { a: Array.from(A.data), b: b[0], steepness: patched.steepness[0], gap };
          const { values: held, isHeld } = hold(before, [plain], columns);
          const expected = forward(network, points).data;
          held.forEach((y, i) => {
            expect(Math.abs(y - expected[i])).toBeLessThan(
              TOLERANCE * (1 + Math.abs(expected[i]) + steepness),
            );
            expect(isHeld[i] === 1).toBe(y !== before[i]);
          });
        },
      ),
      { numRuns: 30 },
    );
  });
});
