/** The dyadic rational mantissa · 2^exponent. Every float64 is one; their sums and products are exact. */
export interface Dyadic {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const bits = new DataView(new ArrayBuffer(8));

/** The exact value of a finite float64. */
export function exact(x: number): Dyadic {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  const field = (high >>> 20) & 0x7ff;
  if (field === 0x7ff) throw new Error(`${x} is not a number to compute with`);
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  // Subnormals (field 0) lack the leading one and share the exponent of field 1.
  const mantissa = field === 0 ? fraction : fraction | (1n << 52n);
  return shortened(high >>> 31 ? -mantissa : mantissa, Math.max(field, 1) - 1075);
}

/** Float32 values have 29 zero bits at the end; dropping them in one go keeps products short. */
function shortened(mantissa: bigint, exponent: number): Dyadic {
  if (mantissa === 0n) return { mantissa, exponent: 0 };
  return (mantissa & 0x1fffffffn) === 0n
    ? { mantissa: mantissa >> 29n, exponent: exponent + 29 }
    : { mantissa, exponent };
}

export const zero: Dyadic = { mantissa: 0n, exponent: 0 };

export function add(a: Dyadic, b: Dyadic): Dyadic {
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  if (a.exponent < b.exponent) return add(b, a);
  const exponent = b.exponent;
  return { mantissa: (a.mantissa << BigInt(a.exponent - exponent)) + b.mantissa, exponent };
}

export function multiply(a: Dyadic, b: Dyadic): Dyadic {
  return { mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
}

export function negate({ mantissa, exponent }: Dyadic): Dyadic {
  return { mantissa: -mantissa, exponent };
}

export function absolute(a: Dyadic): Dyadic {
  return a.mantissa < 0n ? negate(a) : a;
}

/** a / 2. */
export function half({ mantissa, exponent }: Dyadic): Dyadic {
  return { mantissa, exponent: exponent - 1 };
}

export function subtract(a: Dyadic, b: Dyadic): Dyadic {
  return add(a, negate(b));
}

export function sum(values: readonly Dyadic[]): Dyadic {
  return values.reduce(add, zero);
}

export function dot(a: readonly Dyadic[], b: readonly Dyadic[]): Dyadic {
  return sum(a.map((x, i) => multiply(x, b[i])));
}

/** Sign of a − b. */
export function compare(a: Dyadic, b: Dyadic): -1 | 0 | 1 {
  const { mantissa } = subtract(a, b);
  return mantissa > 0n ? 1 : mantissa < 0n ? -1 : 0;
}

/** Near enough for messages: the exact value to about 15 digits. */
export function approximate({ mantissa, exponent }: Dyadic): number {
  const digits = Math.max(0, mantissa.toString(2).length - 60);
  return Number(mantissa >> BigInt(digits)) * 2 ** (exponent + digits);
}

/** a / b to float64, to within 2⁻⁵² of it. */
export function ratio(a: Dyadic, b: Dyadic): number {
  if (a.mantissa === 0n) return 0;
  const size = (x: bigint) => (x < 0n ? -x : x).toString(2).length;
  const shift = Math.max(0, 66 + size(b.mantissa) - size(a.mantissa));
  return approximate({
    mantissa: (a.mantissa << BigInt(shift)) / b.mantissa,
    exponent: a.exponent - b.exponent - shift,
  });
}
