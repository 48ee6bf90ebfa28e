import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalTowards } from '../src/decimals.js';

/** The exact value of a finite float64 number, as a decimal string. */
function exactDecimal(x: number): { digits: bigint; power: number } {
  // toFixed is exact only to 100 places; scaling by powers of two is exact always.
  let whole = Math.abs(x);
  let halvings = 0;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    halvings++;
  }
  return { digits: BigInt(whole) * 5n ** BigInt(halvings) * (x < 0 ? -1n : 1n), power: -halvings };
}

const less = (a: { digits: bigint; power: number }, b: { digits: bigint; power: number }) => {
  const power = Math.min(a.power, b.power);
  return a.digits * 10n ** BigInt(a.power - power) < b.digits * 10n ** BigInt(b.power - power);
};

test('is the neighbour on the side asked for, or the number itself', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.integer({ min: -30, max: 10 }),
      (digits, power) => {
        const text = `${digits}e${power}`;
        const value = { digits, power };
        const down = decimalTowards(text, 'down')!;
        const up = decimalTowards(text, 'up')!;
        expect(less(value, exactDecimal(down))).toBe(false);
        expect(less(exactDecimal(up), value)).toBe(false);
        const nearest = Number(text);
        expect([down, up]).toContain(nearest);
        // Neighbours, or the same number.
        if (down !== up) expect((down + up) / 2 === down || (down + up) / 2 === up).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test('numbers that are dyadic stay themselves', () => {
  for (const text of ['0.5', '-0.5', '0', '1e3', '.25', '3.', '-12.125e0']) {
    expect(decimalTowards(text, 'up')).toBe(Number(text));
    expect(decimalTowards(text, 'down')).toBe(Number(text));
  }
});

test('what is no finite decimal is none, and huge exponents take no time', () => {
  for (const text of ['', '.', 'x', '1e400', '0x10', 'Infinity', '1 2', '--1']) {
    expect(decimalTowards(text, 'up')).toBeUndefined();
  }
  expect(decimalTowards('1e-999999999', 'up')).toBe(Number.MIN_VALUE);
  expect(decimalTowards('1e-999999999', 'down')).toBe(0);
  expect(decimalTowards('-1e-999999999', 'down')).toBe(-Number.MIN_VALUE);
  expect(decimalTowards('0e999', 'down')).toBe(0);
});
