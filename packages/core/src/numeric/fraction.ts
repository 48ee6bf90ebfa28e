const bits = new DataView(new ArrayBuffer(8));

/** x = mantissa · 2^exponent, exactly. */
export function dyadic(x: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const field = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  // Subnormals (field 0) lack the leading one and share the exponent of field 1.
  const mantissa = field === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: high >>> 31 ? -mantissa : mantissa, exponent: Math.max(field, 1) - 1075 };
}

/** The rational number numerator / denominator, in lowest terms, the denominator positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** In lowest terms; the denominator is not 0. */
export function fraction(numerator: bigint, denominator: bigint = 1n): Fraction {
  const common = gcd(numerator, denominator);
  const divisor = denominator < 0n ? -common : common;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The exact value of a finite float64. */
export function fractionOf(x: number): Fraction {
  const { mantissa, exponent } = dyadic(x);
  if (exponent >= 0) return { numerator: mantissa << BigInt(exponent), denominator: 1n };
  const shift = Math.min(-exponent, trailingZeros(mantissa));
  return { numerator: mantissa >> BigInt(shift), denominator: 1n << BigInt(-exponent - shift) };
}

export const ZERO: Fraction = { numerator: 0n, denominator: 1n };
export const ONE: Fraction = { numerator: 1n, denominator: 1n };

export function addFractions(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function negated({ numerator, denominator }: Fraction): Fraction {
  return { numerator: -numerator, denominator };
}

/** The largest number that divides both, not negative; of 0 and 0: 0. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}

/** The least common multiple of two positive numbers. Powers of two, which floats have below the line, cost one division. */
export function lcm(a: bigint, b: bigint): bigint {
  if (a % b === 0n) return a;
  if (b % a === 0n) return b;
  return (a / gcd(a, b)) * b;
}

/** How often 2 divides a number; of 0: infinitely often. */
export function trailingZeros(x: bigint): number {
  if (x === 0n) return Number.POSITIVE_INFINITY;
  let [rest, count] = [x, 0];
  for (; (rest & 0xffffffffn) === 0n; rest >>= 32n) count += 32;
  const low = Number(rest & 0xffffffffn);
  return count + 31 - Math.clz32(low & -low);
}
