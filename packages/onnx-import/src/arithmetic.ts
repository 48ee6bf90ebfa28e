// Arithmetic on constants as a runtime does it: in the constants' own type.
import { unsupported } from './errors.js';
import { roundToFloat16 } from './float16.js';
import { type DType, type IntegerType, isFloat } from './tensor.js';

/** Integers below this are held exactly; a larger one may stand for its neighbours too. */
const EXACT = 2 ** 53;

const BITS: Readonly<Record<IntegerType, number>> = {
  int64: 64,
  int32: 32,
  int16: 16,
  int8: 8,
  uint32: 32,
  uint16: 16,
  uint8: 8,
  bool: 1,
};

const isSigned = (dtype: IntegerType): boolean => dtype.startsWith('int');

/** Least and largest value of an integer type; of int64 the largest float64 value in it. */
export function rangeOf(dtype: IntegerType): { readonly lo: number; readonly hi: number } {
  const bits = BITS[dtype];
  if (!isSigned(dtype)) return { lo: 0, hi: 2 ** bits - 1 };
  return { lo: -(2 ** (bits - 1)), hi: dtype === 'int64' ? 2 ** 63 - 1024 : 2 ** (bits - 1) - 1 };
}

/**
 * What a runtime's result in a type is, given the exact one. Half precision is computed in float32, and whether it is
 * rounded before it is used again depends on what follows. Throws `unsupported-layer` where that matters.
 */
export function computedIn(dtype: DType, where: string): (x: number) => number {
  if (dtype === 'float32') return Math.fround;
  if (dtype !== 'float16') return x => x;
  return x => {
    const single = Math.fround(x);
    if (Number.isNaN(single) || roundToFloat16(single) === single) return single;
    throw unsupported(where, 'float16 constants whose computation is not rounded', `${single}`, STORE);
  };
}

const STORE = 'Store the result as a constant.';

/** Throws `unsupported-layer` where an integer is too large for its value to be known. */
export function assertKnown(values: Float64Array, dtype: DType, where: string): void {
  if (isFloat(dtype)) return;
  const at = values.findIndex(value => Math.abs(value) >= EXACT);
  if (at >= 0) throw unsupported(where, 'integers below 2^53 in computations', `about ${values[at]}`);
}

/** An integer in a type, wrapped as two's complement does. */
export function wrapped(value: bigint, dtype: IntegerType): number {
  const bits = BITS[dtype];
  return Number(isSigned(dtype) ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
}

/** An operation on numbers of one type. */
export interface Operation {
  readonly float: (x: number, y: number) => number;
  readonly integer: (x: bigint, y: bigint) => bigint;
}

export const ADD: Operation = { float: (x, y) => x + y, integer: (x, y) => x + y };
export const SUBTRACT: Operation = { float: (x, y) => x - y, integer: (x, y) => x - y };
export const MULTIPLY: Operation = { float: (x, y) => x * y, integer: (x, y) => x * y };
/** Integers: towards 0. */
export const DIVIDE: Operation = { float: (x, y) => x / y, integer: (x, y) => x / y };
export const LARGER: Operation = { float: Math.max, integer: (x, y) => (x > y ? x : y) };
export const SMALLER: Operation = { float: Math.min, integer: (x, y) => (x < y ? x : y) };

/** The operation as a runtime does it in a type; integers must be known. Throws `unsupported-layer` for x / 0. */
export function operationIn(
  { float, integer }: Operation,
  dtype: DType,
  where: string,
): (x: number, y: number) => number {
  if (isFloat(dtype)) {
    const round = computedIn(dtype, where);
    return (x, y) => round(float(x, y));
  }
  if (dtype === 'bool') throw unsupported(where, 'numbers', 'bool');
  const { lo, hi } = rangeOf(dtype);
  return (x, y) => {
    const near = float(x, y);
    if (Number.isSafeInteger(near) && near >= lo && near <= hi) return near + 0;
    if (Number.isNaN(near) || Math.abs(near) === Number.POSITIVE_INFINITY) {
      throw unsupported(where, 'a divisor other than 0', `${x} / ${y} in ${dtype}`);
    }
    return wrapped(integer(BigInt(x), BigInt(y)), dtype);
  };
}

/**
 * A constant's entry in another type. Out of an integer's range: an integer wraps; what a float becomes depends on the
 * machine. Throws `unsupported-layer` for the latter.
 */
export function converted(from: DType, to: DType, where: string): (x: number) => number {
  if (to === 'bool') return x => Number(x !== 0);
  if (to === 'float16') return x => roundToFloat16(Math.fround(x));
  if (isFloat(to)) return computedIn(to, where);
  if (!isFloat(from)) return x => wrapped(BigInt(x), to);
  const { lo, hi } = rangeOf(to);
  return x => {
    const whole = Math.trunc(x);
    if (whole >= lo && whole <= hi) return whole + 0;
    throw unsupported(where, `numbers that ${to} holds`, `${x}`);
  };
}
