/** A decimal number in text, such as `-1.25e-3`. */
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/**
 * The float64 number nearest to a decimal on one side of it: the largest at most (`'down'`) or the smallest at least
 * (`'up'`) its exact value. A box read so holds every point that the text means. Undefined for what is no decimal.
 */
export function decimalTowards(text: string, direction: 'up' | 'down'): number | undefined {
  const nearest = Number(text);
  const parts = DECIMAL.exec(text);
  if (!parts || parts[2] + parts[3] === '' || !Number.isFinite(nearest)) return undefined;
  const order = compareToDecimal(nearest, parts);
  if (order === 0 || order > 0 === (direction === 'up')) return nearest;
  return neighbour(nearest, direction === 'up' ? 1 : -1);
}

/** Sign of a number less a decimal, both taken exactly. */
function compareToDecimal(x: number, [, sign, whole, fraction, exponent]: RegExpExecArray): number {
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const power = Number(exponent ?? 0) - fraction.length;
  // What rounds to 0 needs no powers of ten, which may be huge.
  if (x === 0 || digits === 0n) return digits === 0n ? Math.sign(x) : digits > 0n ? -1 : 1;
  const { mantissa, binary } = dyadicOf(x);
  // mantissa · 2^binary against digits · 10^power, both times what makes them whole.
  const left = mantissa * 2n ** BigInt(Math.max(0, binary)) * 10n ** BigInt(Math.max(0, -power));
  const right = digits * 10n ** BigInt(Math.max(0, power)) * 2n ** BigInt(Math.max(0, -binary));
  return left === right ? 0 : left > right ? 1 : -1;
}

const bits = new DataView(new ArrayBuffer(8));

/** A finite number as `mantissa · 2^binary`. */
function dyadicOf(x: number): { mantissa: bigint; binary: number } {
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const magnitude = exponent === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -magnitude : magnitude, binary: Math.max(1, exponent) - 1075 };
}

/** The next float64 number above (`direction` 1) or below. */
function neighbour(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * Number.MIN_VALUE;
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + (x > 0 === direction > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}
