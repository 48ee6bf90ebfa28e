/** Unit roundoff of float64: one rounding changes a value by at most this factor. */
export const UNIT_ROUNDOFF: number = 2 ** -53;

/**
 * Bounds are sums of products of non-negative numbers, each computed with a relative error below
 * n·2⁻⁵³; for n < 2³² this factor outweighs it.
 */
const BOUND_INFLATION = 1 + 2 ** -20;

/** The roundings of a floating-point arithmetic. */
export interface Arithmetic {
  /** Unit roundoff u: one operation changes its result by at most this factor. */
  readonly roundoff: number;
  /** Smallest positive value, what one underflow can lose. */
  readonly smallest: number;
}

/** A floating-point format that weights are rounded to. */
export interface Precision extends Arithmetic {
  readonly name: 'float16' | 'float32' | 'float64';
  /** Nearest representable value. */
  round(x: number): number;
  /** Smallest representable value ≥ x. */
  up(x: number): number;
  /** Largest representable value ≤ x. */
  down(x: number): number;
}

/** IEEE 754 binary64: what everything is computed in. */
export const float64: Precision = {
  name: 'float64',
  roundoff: UNIT_ROUNDOFF,
  smallest: Number.MIN_VALUE,
  round: x => x,
  up: x => x,
  down: x => x,
};

/**
 * Error bound of an n-term sum of products, whatever its order: γ_n · magnitude, γ_n = n·u / (1 − n·u)
 * (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), plus n underflows. `magnitude` bounds the sum of the
 * products' absolute values.
 */
export function sumErrorBound(
  terms: number,
  magnitude: number,
  { roundoff, smallest }: Arithmetic = float64,
): number {
  const nu = terms * roundoff;
  return (nu / (1 - nu)) * magnitude * BOUND_INFLATION + terms * smallest;
}

const bits = new DataView(new ArrayBuffer(8));

/** The float32 neighbour of a float32 value, towards +∞ (`direction` 1) or −∞ (−1). */
function neighbour32(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * 2 ** -149;
  bits.setFloat32(0, x);
  // Float32 bit patterns of one sign are ordered like their magnitudes.
  bits.setInt32(0, bits.getInt32(0) + (x > 0 === direction > 0 ? 1 : -1));
  return bits.getFloat32(0);
}

/** IEEE 754 binary32. */
export const float32: Precision = {
  name: 'float32',
  roundoff: 2 ** -24,
  smallest: 2 ** -149,
  round: Math.fround,
  up: x => (Math.fround(x) >= x ? Math.fround(x) : neighbour32(Math.fround(x), 1)),
  down: x => (Math.fround(x) <= x ? Math.fround(x) : neighbour32(Math.fround(x), -1)),
};

/** Largest finite value of binary16. */
const LARGEST_16 = 65504;

/** Distance of two float16 values at the size of x, down to the subnormals' 2⁻²⁴. */
function spacing16(x: number): number {
  bits.setFloat64(0, x);
  const exponent = ((bits.getUint16(0) >> 4) & 0x7ff) - 1023;
  return 2 ** (Math.max(-14, exponent) - 10);
}

/** Nearest multiple of the spacing, ties to even as IEEE 754 has it. */
function round16(x: number): number {
  if (!Number.isFinite(x)) return x;
  const spacing = spacing16(x);
  const count = x / spacing;
  const below = Math.floor(count);
  const rest = count - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = (isUp ? below + 1 : below) * spacing;
  return Math.abs(rounded) <= LARGEST_16 ? rounded : Math.sign(x) * Number.POSITIVE_INFINITY;
}

function up16(x: number): number {
  const y = Math.ceil(x / spacing16(x)) * spacing16(x);
  return y > LARGEST_16 ? Number.POSITIVE_INFINITY : Math.max(y, -LARGEST_16);
}

/** IEEE 754 binary16. */
export const float16: Precision = {
  name: 'float16',
  roundoff: 2 ** -11,
  smallest: 2 ** -24,
  round: round16,
  up: up16,
  down: x => -up16(-x),
};

export const PRECISIONS: readonly Precision[] = [float16, float32, float64];

/** Rounds every entry to `precision`. Where all are representable, as weights read from a file are, these are the values themselves. */
export function roundAll(values: Float64Array, { round }: Precision): Float64Array {
  for (let i = 0; i < values.length; i++)
    if (!Object.is(round(values[i]), values[i])) return values.map(round);
  return values;
}

/** Rounding allowance of `contains`: D + 8 float64 operations on numbers of the region's size. */
export function containmentTolerance(size: number, largest: number): number {
  return 4 * (size + 8) * UNIT_ROUNDOFF * largest;
}
