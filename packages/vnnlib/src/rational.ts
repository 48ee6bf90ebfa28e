import { MOST_DIGITS, standardDecimal } from './decimal.js';
import { excerpt, VnnLibError } from './errors.js';

/** An exact number, in lowest terms; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** 0. */
export const zero: Rational = { numerator: 0n, denominator: 1n };
/** 1. */
export const one: Rational = { numerator: 1n, denominator: 1n };

/** Numerators and denominators lie below this, so that no query makes an operation slow: float64 needs 2^1074. */
const LIMIT = 1n << 4096n;

/** Throws `invalid-option` for a zero denominator, `too-large` beyond 4,096 bits. */
export function rational(numerator: bigint, denominator: bigint = 1n): Rational {
  if (denominator === 0n) {
    throw new VnnLibError({
      code: 'invalid-option',
      where: 'a rational',
      expected: 'a denominator other than 0',
      actual: '0',
    });
  }
  const divisor = gcd(magnitude(numerator), magnitude(denominator)) * (denominator < 0n ? -1n : 1n);
  return bounded(numerator / divisor, denominator / divisor);
}

/** The number that a decimal is: `-0.25`, `1e-3`. Throws `invalid-option` for other text, `too-large` beyond 1,200 digits. */
export function fromDecimal(decimal: string): Rational {
  const standard = standardDecimal(decimal);
  const isTooLarge = standard === 'too-large';
  if (standard !== undefined && !isTooLarge) return fromStandard(standard);
  throw new VnnLibError({
    code: isTooLarge ? 'too-large' : 'invalid-option',
    where: 'a decimal',
    expected: isTooLarge ? `at most ${MOST_DIGITS} digits, exponents written out` : 'a decimal number',
    actual: `'${excerpt(decimal)}'`,
  });
}

function fromStandard(text: string): Rational {
  const point = text.indexOf('.');
  if (point < 0) return { numerator: BigInt(text), denominator: 1n };
  return fromTenths(BigInt(text.slice(0, point) + text.slice(point + 1)), text.length - point - 1);
}

/** `digits / 10^places`: only twos and fives can cancel, which is quicker than a greatest common divisor. */
function fromTenths(digits: bigint, places: number): Rational {
  if (digits === 0n) return zero;
  let [twos, fives, numerator] = [places, places, digits];
  for (; twos > 0 && (numerator & 1n) === 0n; twos--) numerator >>= 1n;
  for (; fives > 0 && numerator % 5n === 0n; fives--) numerator /= 5n;
  return { numerator, denominator: powerOfFive(fives) << BigInt(twos) };
}

const powersOfFive: bigint[] = [1n];

function powerOfFive(exponent: number): bigint {
  while (powersOfFive.length <= exponent) powersOfFive.push(powersOfFive[powersOfFive.length - 1] * 5n);
  return powersOfFive[exponent];
}

/** a + b, exactly. */
export function add(a: Rational, b: Rational): Rational {
  if (a.numerator === 0n) return b;
  if (b.numerator === 0n) return a;
  if (a.denominator === 1n && b.denominator === 1n) return bounded(a.numerator + b.numerator, 1n);
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

/** a − b, exactly. */
export function subtract(a: Rational, b: Rational): Rational {
  return add(a, negate(b));
}

/** a · b, exactly. */
export function multiply(a: Rational, b: Rational): Rational {
  if (isUnit(b)) return b.numerator === 1n ? a : negate(a);
  if (isUnit(a)) return a.numerator === 1n ? b : negate(b);
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** Throws `invalid-option` where b is 0. */
export function divide(a: Rational, b: Rational): Rational {
  if (isUnit(b)) return b.numerator === 1n ? a : negate(a);
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** −a. */
export function negate({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

/** Negative, 0 or positive as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** −1, 0 or 1. */
export function sign({ numerator }: Rational): number {
  return numerator > 0n ? 1 : numerator < 0n ? -1 : 0;
}

/** The decimal of a number that has a finite one, else undefined. */
export function toDecimal({ numerator, denominator }: Rational): string | undefined {
  const [twos, withoutTwos] = multiplicity(denominator, 2n);
  const [fives, rest] = multiplicity(withoutTwos, 5n);
  if (rest !== 1n) return undefined;
  const places = Math.max(twos, fives);
  const digits = ((magnitude(numerator) * 10n ** BigInt(places)) / denominator).toString();
  const padded = digits.padStart(places + 1, '0');
  const text = places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
  return numerator < 0n ? `-${text}` : text;
}

/** How often a prime divides n, and what is left of n. */
export function multiplicity(n: bigint, prime: bigint): [times: number, rest: bigint] {
  let times = 0;
  let rest = n;
  for (; rest % prime === 0n; times++) rest /= prime;
  return [times, rest];
}

function isUnit({ numerator, denominator }: Rational): boolean {
  return denominator === 1n && (numerator === 1n || numerator === -1n);
}

function bounded(numerator: bigint, denominator: bigint): Rational {
  if (numerator >= LIMIT || numerator <= -LIMIT || denominator >= LIMIT) {
    throw new VnnLibError({
      code: 'too-large',
      where: 'exact arithmetic',
      expected: 'numerators and denominators below 2^4096',
      actual: 'a larger one',
    });
  }
  return { numerator, denominator };
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}

/** Greatest common divisor of two numbers that are not negative; of 0 and 0 it is 0. */
function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
