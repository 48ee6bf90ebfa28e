import { dyadic } from '../../numeric/fraction.js';

/** Whole numbers in the proportion of the given finite ones: all times one power of 2. */
export function integersOf(values: readonly number[]): bigint[] {
  const parts = values.map(dyadic);
  const lowest = Math.min(...parts.filter(({ mantissa }) => mantissa !== 0n).map(({ exponent }) => exponent));
  return parts.map(({ mantissa, exponent }) =>
    mantissa === 0n ? 0n : mantissa << BigInt(exponent - lowest),
  );
}

/** The float64 nearest `numerator / denominator`, to within 1.001 half units in the last place. */
export function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const size = (x: bigint) => (x < 0n ? -x : x).toString(16).length * 4;
  // At least 64 bits of quotient.
  const shift = Math.max(0, 72 - (size(numerator) - size(denominator)));
  const scaled = Number((numerator << BigInt(shift)) / denominator);
  // In two steps: 2^−shift itself may underflow.
  return scaled * 2 ** -Math.floor(shift / 2) * 2 ** -Math.ceil(shift / 2);
}
