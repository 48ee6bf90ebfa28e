import { float16, float32, float64 } from '@police/core';
import { absolute, compare, dot, exact, subtract } from '@police/testing/exact/rational';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roundAll, sumErrorBound } from '../../src/numeric/precision.js';

/** A binary format by its definition: `digits` bits after the point, exponents from `least` to `most`. */
interface Format {
  readonly digits: number;
  readonly least: number;
  readonly most: number;
}

const formats = [
  { precision: float16, digits: 10, least: -14, most: 15 },
  { precision: float32, digits: 23, least: -126, most: 127 },
] as const;

/** Spacing of the format's values in [2^e, 2^(e+1)). */
function spacingAt(x: number, { digits, least }: Format): number {
  if (Math.abs(x) < 2 ** least) return 2 ** (least - digits);
  let binade = 2 ** Math.floor(Math.log2(Math.abs(x)));
  if (binade > Math.abs(x)) binade /= 2; // log2 may round up
  return binade * 2 ** -digits;
}

/** Multiples of the spacing on either side, both exact in float64. */
const slowDown = (x: number, format: Format) => Math.floor(x / spacingAt(x, format)) * spacingAt(x, format);
const slowUp = (x: number, format: Format) => Math.ceil(x / spacingAt(x, format)) * spacingAt(x, format);

const largestOf = ({ digits, most }: Format) => (2 - 2 ** -digits) * 2 ** most;

/** float64 values of every size, the format's values and their float64 neighbours among them. */
const numbersOf = (format: Format, round: (x: number) => number) => {
  const { digits, least } = format;
  const smallest = 2 ** (least - digits);
  const own = fc.float({ noNaN: true, noDefaultInfinity: true }).map(round).filter(Number.isFinite);
  return fc
    .oneof(
      fc.double({ noNaN: true, min: -largestOf(format), max: largestOf(format) }),
      fc.double({ noNaN: true, min: -4, max: 4 }),
      own,
      own.map(x => x * (1 + Number.EPSILON)),
      own.map(x => x * (1 - Number.EPSILON / 2)),
      own.map(x => x + spacingAt(x, format) / 2),
      fc.constantFrom(0, 2 ** least, 2 ** (least - 1), smallest, smallest / 2, 1.5 * smallest, 1, -1),
    )
    .filter(x => Math.abs(x) <= largestOf(format));
};

const same = (actual: number, expected: number, what: string) =>
  expect(actual === expected, `${what}: ${actual} against ${expected}`).toBe(true);

describe.each(formats)('$precision.name', ({ precision, ...format }) => {
  const { up, down, round } = precision;
  const numbers = numbersOf(format, round);
  const largest = largestOf(format);
  const smallest = 2 ** (format.least - format.digits);

  test('up and down are the neighbouring multiples of the spacing, and x itself where it is one', () => {
    fc.assert(
      fc.property(numbers, x => {
        same(up(x), slowUp(x, format), `up of ${x}`);
        same(down(x), slowDown(x, format), `down of ${x}`);
      }),
      { numRuns: 5000 },
    );
  });

  test('round is the nearer of the two, of two equally near the even one', () => {
    fc.assert(
      fc.property(numbers, x => {
        const rounded = round(x);
        const [above, below] = [up(x), down(x)];
        expect(rounded === above || rounded === below).toBe(true);
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(Math.min(above - x, x - below));
        if (above - x === x - below && above !== below) {
          expect(Math.abs(rounded / spacingAt(x, format)) % 2).toBe(0);
        }
        same(round(above), above, `rounding a ${precision.name}`);
      }),
      { numRuns: 2000 },
    );
  });

  test('outside the format', () => {
    const over = largest * 1.001;
    expect([up(over), down(over)]).toEqual([Infinity, largest]);
    expect([up(-over), down(-over)]).toEqual([-largest, -Infinity]);
    // Half a spacing beyond the largest value rounds to infinity.
    const half = 2 ** (format.most - format.digits - 1);
    expect([round(largest + half), round(-largest - half)]).toEqual([Infinity, -Infinity]);
    expect(round(largest + half * (1 - 2 ** -20))).toBe(largest);
    expect(up(1e-300)).toBe(smallest);
    expect(down(-1e-300)).toBe(-smallest);
  });
});

test('float64 is left as it is', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), x => {
      for (const round of [float64.round, float64.up, float64.down]) expect(round(x)).toBe(x);
    }),
  );
});

test('roundAll rounds every entry into a new array, or gives representable ones back themselves', () => {
  const entries = fc.array(fc.double(), { maxLength: 8 });
  fc.assert(
    fc.property(entries, fc.constantFrom(float16, float32, float64), (list, precision) => {
      const values = Float64Array.from(list);
      const rounded = roundAll(values, precision);
      expect(rounded).toEqual(Float64Array.from(list, precision.round));
      expect(values).toEqual(Float64Array.from(list));
      expect(roundAll(rounded, precision) === rounded).toBe(true);
      expect(rounded === values).toBe(rounded.every((x, i) => Object.is(x, values[i])));
    }),
  );
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
