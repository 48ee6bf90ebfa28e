/** The value of an IEEE half-precision bit pattern, 0 … 65535. */
export function float16FromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** The nearest half-precision value, ties to even; ±∞ from 65520 on. */
export function roundToFloat16(x: number): number {
  const size = Math.abs(x);
  if (!Number.isFinite(x) || size === 0) return x;
  if (size >= 65520) return Math.sign(x) * Number.POSITIVE_INFINITY;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // 2^52 + x rounds x to an integer, ties to even; log2's own rounding can be off by one at powers of two.
  const unit = 2 ** ((size < 2 ** exponent && exponent > -14 ? exponent - 1 : exponent) - 10);
  const steps = size / unit;
  return Math.sign(x) * (steps + 2 ** 52 - 2 ** 52) * unit;
}

/** The bit pattern of a half-precision value. */
export function bitsOfFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  if (2 ** (exponent + 1) <= size) exponent++;
  return sign | ((exponent + 15) << 10) | (size * 2 ** (10 - exponent) - 1024);
}
