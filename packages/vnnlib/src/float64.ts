import { VnnLibError } from './errors.js';
import type { Rational } from './rational.js';

/** Towards −∞ or towards +∞. */
export type Direction = 'down' | 'up';

/** The exponent of float64's least number, and of the last place of a number of exponent e: e − 52. */
const LEAST_EXPONENT = -1074;
const LARGEST_EXPONENT = 1023;

/**
 * The float64 nearest to a number on one side of it: the largest at most (`'down'`, perhaps −∞) or the least at least
 * (`'up'`, perhaps +∞) its exact value. Never −0.
 */
export function toFloat64({ numerator, denominator }: Rational, direction: Direction): number {
  if (numerator === 0n) return 0;
  const isNegative = numerator < 0n;
  const n = isNegative ? -numerator : numerator;
  const exponent = floorLog2(n, denominator);
  const isUp = (direction === 'up') !== isNegative;
  let size: number;
  if (exponent > LARGEST_EXPONENT) size = isUp ? Number.POSITIVE_INFINITY : Number.MAX_VALUE;
  else {
    const place = Math.max(exponent - 52, LEAST_EXPONENT);
    const [over, under] = place < 0 ? [n << BigInt(-place), denominator] : [n, denominator << BigInt(place)];
    const quotient = over / under;
    const isExact = quotient * under === over;
    // At most 2^53 units of the last place: both factors and, unless it is infinite, the product are exact.
    size = Number(isExact || !isUp ? quotient : quotient + 1n) * 2 ** place;
  }
  return isNegative ? 0 - size : size;
}

/** A finite float64 as the exact number it is. Throws `invalid-option` for others. */
export function fromFloat64(x: number): Rational {
  if (!Number.isFinite(x)) {
    throw new VnnLibError({
      code: 'invalid-option',
      where: 'fromFloat64',
      expected: 'a finite number',
      actual: `${x}`,
    });
  }
  let places = 0;
  let whole = x;
  // Doubling is exact, and ends: every float64 is a whole number times a power of two.
  for (; !Number.isInteger(whole); places++) whole *= 2;
  return { numerator: BigInt(whole), denominator: 1n << BigInt(places) };
}

/** The largest e with 2^e ≤ n / d. */
function floorLog2(n: bigint, d: bigint): number {
  const e = bitLength(n) - bitLength(d);
  const isBelow = e >= 0 ? n < d << BigInt(e) : n << BigInt(-e) < d;
  return isBelow ? e - 1 : e;
}

function bitLength(n: bigint): number {
  const digits = n.toString(16);
  return digits.length * 4 - Math.clz32(Number.parseInt(digits[0], 16)) + 28;
}
