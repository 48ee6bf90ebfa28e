import { fromFloat64, type Rational, rational, toFloat64 } from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { standardDecimal } from '../src/decimal.js';
import { fraction, order } from './oracle.js';

const { add, compare, divide, fromDecimal, multiply, negate, sign, subtract, toDecimal } = rational;

const rationals = fc
  .tuple(fc.bigInt(-(10n ** 25n), 10n ** 25n), fc.bigInt(1n, 10n ** 25n))
  .map(([n, d]) => rational.rational(n, d));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test('the four operations are those of fractions, in lowest terms', () => {
  fc.assert(
    fc.property(rationals, rationals, (a, b) => {
      const [[p, q], [r, s]] = [fraction(a), fraction(b)];
      const same = (x: Rational, y: readonly [bigint, bigint]) => order(fraction(x), y) === 0;
      expect(same(add(a, b), [p * s + r * q, q * s])).toBe(true);
      expect(same(subtract(a, b), [p * s - r * q, q * s])).toBe(true);
      expect(same(multiply(a, b), [p * r, q * s])).toBe(true);
      if (sign(b) !== 0) expect(same(multiply(divide(a, b), b), [p, q])).toBe(true);
      expect(Math.sign(compare(a, b))).toBe(order([p, q], [r, s]));
      // Lowest terms make equal numbers equal objects.
      expect(subtract(add(a, b), b)).toEqual(a);
      expect(negate(negate(a))).toEqual(a);
    }),
  );
});

test('numbers with the same value are the same, however written', () => {
  expect(fromDecimal('0.50')).toEqual(rational.rational(-3n, -6n));
  expect(fromDecimal('-0.0')).toEqual(rational.zero);
  expect(fromDecimal('1000.000')).toEqual(rational.rational(1000n));
  expect(fromDecimal('0.015625')).toEqual(rational.rational(1n, 64n));
});

test('a decimal comes back from its number; other fractions have none', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.nat(40), (digits, places) => {
      const value = rational.rational(digits, 10n ** BigInt(places));
      expect(fromDecimal(toDecimal(value)!)).toEqual(value);
    }),
  );
  expect(toDecimal(rational.rational(1n, 3n))).toBeUndefined();
  expect(toDecimal(rational.rational(-1n, 160n))).toBe('-0.00625');
});

/** The next float64 above: the slow obvious way, over its bits. */
function above(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x === 0 ? 0 : x);
  view.setBigInt64(0, view.getBigInt64(0) + (x >= 0 ? 1n : -1n));
  return view.getFloat64(0);
}

test('rounding goes to the nearest float64 on the side asked for', () => {
  const wide = fc
    .tuple(
      fc.bigInt(-(2n ** 70n), 2n ** 70n),
      fc.bigInt(1n, 2n ** 70n),
      fc.integer({ min: -1100, max: 1000 }),
    )
    .map(([n, d, e]) =>
      e < 0 ? rational.rational(n, d << BigInt(-e)) : rational.rational(n << BigInt(e), d),
    );
  fc.assert(
    fc.property(fc.oneof(wide, rationals, finite.map(fromFloat64)), value => {
      const [down, up] = [toFloat64(value, 'down'), toFloat64(value, 'up')];
      expect(Object.is(down, -0) || Object.is(up, -0)).toBe(false);
      if (Number.isFinite(down)) expect(compare(fromFloat64(down), value)).toBeLessThanOrEqual(0);
      if (Number.isFinite(up)) expect(compare(fromFloat64(up), value)).toBeGreaterThanOrEqual(0);
      if (down === up) expect(compare(fromFloat64(down), value)).toBe(0);
      else if (Number.isFinite(down)) expect(above(down) + 0).toBe(up);
      else expect([down, up]).toEqual([Number.NEGATIVE_INFINITY, -Number.MAX_VALUE]);
    }),
    { numRuns: 2000 },
  );
});

test('float64 numbers are exact, to the least and the largest', () => {
  fc.assert(
    fc.property(
      fc.oneof(finite, fc.constantFrom(Number.MIN_VALUE, Number.MAX_VALUE, 2 ** -1022, 5e-324 * 3)),
      x => {
        expect(toFloat64(fromFloat64(x), 'down')).toBe(x + 0);
        expect(toFloat64(fromFloat64(-x), 'up')).toBe(0 - x);
      },
    ),
  );
  const beyond = rational.rational(2n ** 1024n);
  expect([toFloat64(beyond, 'down'), toFloat64(beyond, 'up')]).toEqual([
    Number.MAX_VALUE,
    Number.POSITIVE_INFINITY,
  ]);
  const least = rational.rational(-1n, 2n ** 1076n);
  expect([toFloat64(least, 'down'), toFloat64(least, 'up')]).toEqual([-Number.MIN_VALUE, 0]);
  expect(() => fromFloat64(Number.NaN)).toThrow('expected a finite number');
});

test('decimals of all forms are written out, exactly', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '+', '-'),
      fc.stringMatching(/^\d{0,6}$/),
      fc.option(fc.stringMatching(/^\d{0,6}$/)),
      fc.option(fc.integer({ min: -20, max: 20 })),
      (signText, whole, places, exponent) => {
        const text = `${signText}${whole}${places === null ? '' : `.${places}`}`;
        const standard = standardDecimal(exponent === null ? text : `${text}e${exponent}`);
        if (whole === '' && !places) {
          expect(standard).toBeUndefined();
          return;
        }
        expect(standard).toMatch(/^-?\d+(\.\d+)?$/);
        const digits = BigInt(`${whole}${places ?? ''}`) * (signText === '-' ? -1n : 1n);
        const shift = (exponent ?? 0) - (places ?? '').length;
        const expected =
          shift < 0
            ? rational.rational(digits, 10n ** BigInt(-shift))
            : rational.rational(digits * 10n ** BigInt(shift));
        expect(fromDecimal(standard as string)).toEqual(expected);
      },
    ),
  );
  const written = ['0.5e2', '-1.25E-3', '1e3', '.5', '3.', '+2', '12.5e0', '100e-2', '1.5e1'].map(
    standardDecimal,
  );
  expect(written).toEqual(['50.0', '-0.00125', '1000', '0.5', '3.0', '2', '12.5', '1.00', '15.0']);
  for (const text of ['', '.', '-', 'e5', '1e', '0x10', '1_0', 'Infinity', '1.2.3', ' 1']) {
    expect(standardDecimal(text)).toBeUndefined();
  }
  for (const text of ['1e999999999', '1e-1201', '9'.repeat(2000), `0.${'0'.repeat(2000)}1`]) {
    expect(standardDecimal(text)).toBe('too-large');
  }
});

test('numbers beyond what any query needs are refused, and a denominator of 0', () => {
  expect(() => rational.rational(1n << 4096n)).toThrow('expected numerators and denominators below 2^4096');
  expect(() => rational.rational(1n, 0n)).toThrow('a denominator other than 0');
  expect(fromDecimal('-1.5e-1')).toEqual(rational.rational(-3n, 20n));
  expect(() => fromDecimal('abc')).toThrow("a decimal: expected a decimal number, got 'abc'.");
  expect(() => fromDecimal('1e9999')).toThrow('expected at most 1200 digits');
  let value = rational.rational(3n, 7n);
  expect(() => {
    for (;;) value = multiply(value, value);
  }).toThrow('2^4096');
});
