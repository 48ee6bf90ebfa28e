// Sums of constants, which a runtime adds in an order of its own.
import { type AffineOperator, matrix } from '@police/core';
import { computedIn } from './arithmetic.js';
import { unsupported } from './errors.js';
import { type DType, type FloatType, isFloat, type Tensor } from './tensor.js';

/** Digits, least positive value and largest power of two of each floating-point format. */
const FORMATS: Readonly<Record<FloatType, { digits: number; least: number; most: number }>> = {
  float16: { digits: 11, least: 2 ** -24, most: 2 ** 15 },
  float32: { digits: 24, least: 2 ** -149, most: 2 ** 127 },
  float64: { digits: 53, least: 2 ** -1074, most: 2 ** 1023 },
};

const bits = new DataView(new ArrayBuffer(8));

/** The largest power of two that x is a multiple of; Infinity for 0, NaN where x is not finite. */
export function lowestBit(x: number): number {
  if (x === 0) return Number.POSITIVE_INFINITY;
  if (!Number.isFinite(x)) return Number.NaN;
  bits.setFloat64(0, x);
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const high = (bits.getUint32(0) & 0xfffff) | (exponent > 0 ? 0x100000 : 0);
  const low = bits.getUint32(4);
  const zeros = (word: number) => 31 - Math.clz32(word & -word);
  const lowest = low !== 0 ? zeros(low) : 32 + zeros(high);
  return 2 ** (Math.max(exponent, 1) - 1075 + lowest);
}

function lowestOf(values: ArrayLike<number>): number {
  return Array.prototype.reduce.call(
    values,
    (least, x) => Math.min(least as number, lowestBit(x as number)),
    Number.POSITIVE_INFINITY,
  ) as number;
}

/** The weights of a linear operator, or undefined where they are not known. */
function weightsOf(operator: AffineOperator): readonly ArrayLike<number>[] | undefined {
  const { kind, rows } = operator as { kind?: string; rows?: { values: Float64Array } };
  if (kind === 'sparse' && rows) return [rows.values];
  return operator.parameters.length > 0 ? operator.parameters : undefined;
}

/**
 * `W x + b` of a constant x, if it is the same number in every order of summation, with fused multiplication or without:
 * one product rounded once, or all products and biases multiples of one power of two and the sum of their sizes at most
 * 2^digits of it, so that no partial sum is rounded. Throws `unsupported-layer` otherwise.
 */
export function linearIn(operator: AffineOperator, { data, dtype }: Tensor): Float64Array {
  const x = matrix(1, data.length, data);
  const result = operator.linear(x).data.map((y, j) => y + operator.bias[j]);
  if (isScaling(operator)) return result.map(computedIn(dtype, 'a constant'));
  const magnitudes = operator.magnitude({ ...x, data: data.map(Math.abs) }).data;
  if (isExactSum(operator, data, magnitudes, dtype)) return result;
  throw unsupported(
    'a sum of constants',
    'one that no order of summation rounds',
    `one that may be rounded in ${dtype}`,
    'Store the result as a constant.',
  );
}

/** Whether each output is one input times a factor, or moved, or with a constant added. */
function isScaling(operator: AffineOperator): boolean {
  const { kind, factor, offset } = operator as { kind?: string; factor?: unknown; offset?: unknown };
  return kind === 'gather' || (kind === 'scale' && (factor === undefined || offset === undefined));
}

function isExactSum(
  operator: AffineOperator,
  x: Float64Array,
  magnitudes: Float64Array,
  dtype: DType,
): boolean {
  const weights = weightsOf(operator);
  if (!weights || !isFloat(dtype)) return false;
  const { digits, least, most } = FORMATS[dtype];
  const weight = weights.reduce(
    (lowest, values) => Math.min(lowest, lowestOf(values)),
    Number.POSITIVE_INFINITY,
  );
  const unit = Math.min(weight * lowestOf(x), lowestOf(operator.bias));
  const reach = magnitudes.reduce((largest, m, j) => Math.max(largest, m + Math.abs(operator.bias[j])), 0);
  // NaN, from what is not finite, is no exact sum.
  return reach === 0 || (unit >= least && reach <= 2 ** digits * unit && reach <= most);
}
