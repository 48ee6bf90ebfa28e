import { float32, float64 } from '@police/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roundAll, sumErrorBound } from '../src/precision.js';
import { absolute, compare, dot, exact, subtract } from './exact.js';
import { randomArray, seededRng, seeds } from './helpers.js';

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
const SMALLEST_FLOAT32 = 2 ** -149;

/** Spacing of float32 values in [2^e, 2^(e+1)), from the format's definition. */
function spacingAt(x: number): number {
  if (Math.abs(x) < 2 ** -126) return SMALLEST_FLOAT32;
  let binade = 2 ** Math.floor(Math.log2(Math.abs(x)));
  if (binade > Math.abs(x)) binade /= 2; // log2 may round up
  return binade * 2 ** -23;
}

/** Multiples of the spacing on either side, both exact in float64. */
const slowDown = (x: number) => Math.floor(x / spacingAt(x)) * spacingAt(x);
const slowUp = (x: number) => Math.ceil(x / spacingAt(x)) * spacingAt(x);

/** float64 values of every size, float32 values and their float64 neighbours among them. */
const numbers = fc
  .oneof(
    fc.double({ noNaN: true, min: -LARGEST_FLOAT32, max: LARGEST_FLOAT32 }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map(x => x * (1 + Number.EPSILON)),
    fc.constantFrom(
      0,
      2 ** -126,
      2 ** -127,
      SMALLEST_FLOAT32,
      SMALLEST_FLOAT32 / 2,
      1.5 * SMALLEST_FLOAT32,
      1,
      -1,
    ),
  )
  .filter(x => Math.abs(x) <= LARGEST_FLOAT32);

const same = (actual: number, expected: number, what: string) =>
  expect(actual === expected, `${what}: ${actual} against ${expected}`).toBe(true);

describe('float32', () => {
  test('up and down are the neighbouring multiples of the spacing, and x itself where it is one', () => {
    fc.assert(
      fc.property(numbers, x => {
        same(float32.up(x), slowUp(x), `up of ${x}`);
        same(float32.down(x), slowDown(x), `down of ${x}`);
      }),
      { numRuns: 5000 },
    );
  });

  test('round is the nearer of the two', () => {
    fc.assert(
      fc.property(numbers, x => {
        const rounded = float32.round(x);
        const [up, down] = [float32.up(x), float32.down(x)];
        expect(rounded === up || rounded === down).toBe(true);
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(Math.min(up - x, x - down));
        same(float32.round(up), up, 'rounding a float32');
      }),
      { numRuns: 2000 },
    );
  });

  test('outside the format', () => {
    const over = LARGEST_FLOAT32 * 1.001;
    expect([float32.up(over), float32.down(over)]).toEqual([Infinity, LARGEST_FLOAT32]);
    expect([float32.up(-over), float32.down(-over)]).toEqual([-LARGEST_FLOAT32, -Infinity]);
    expect(float32.up(1e-300)).toBe(SMALLEST_FLOAT32);
    expect(float32.down(-1e-300)).toBe(-SMALLEST_FLOAT32);
  });
});

test('float64 is left as it is', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), x => {
      for (const round of [float64.round, float64.up, float64.down]) expect(round(x)).toBe(x);
    }),
  );
});

test('roundAll rounds every entry, into a new array', () => {
  const values = Float64Array.of(0.1, 1, -1e-50);
  expect(roundAll(values, float32)).toEqual(Float64Array.of(Math.fround(0.1), 1, -0));
  expect(values[0]).toBe(0.1);
});

test('sumErrorBound bounds the error of a float64 sum of products, in exact arithmetic', () => {
  let closest = 0;
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(1e-160, 1e-9, 1, 1e150),
      (seed, n, scale) => {
        const rng = seededRng(seed);
        const a = randomArray(rng, n, scale);
        const b = randomArray(rng, n, scale);
        // Half of the sums cancel, where the error is large beside the result.
        for (let i = 1; i < n; i += 2) {
          a[i] = -a[i - 1] * (1 + rng() * 1e-12);
          b[i] = b[i - 1];
        }
        let sum = 0;
        let magnitude = 0;
        for (let i = 0; i < n; i++) {
          sum += a[i] * b[i];
          magnitude += Math.abs(a[i] * b[i]);
        }
        const error = absolute(subtract(exact(sum), dot(a.map(exact), b.map(exact))));
        const bound = sumErrorBound(n, magnitude);
        expect(compare(error, exact(bound)), `${n} terms of size ${scale}`).toBeLessThanOrEqual(0);
        if (scale === 1) closest = Math.max(closest, compareRatio(error, bound));
      },
    ),
    { numRuns: 500 },
  );
  // A bound that no sum came near would prove little.
  expect(closest).toBeGreaterThan(1 / 100);
});

function compareRatio(error: ReturnType<typeof exact>, bound: number): number {
  let ratio = 1;
  while (ratio > 2 ** -20 && compare(error, exact(bound * ratio)) < 0) ratio /= 2;
  return ratio;
}
