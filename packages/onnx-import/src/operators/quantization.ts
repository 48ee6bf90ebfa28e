import { rangeOf } from '../arithmetic.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { type DType, type IntegerType, isFloat } from '../tensor.js';
import { type Constant, constantOf, type Value } from '../values.js';
import type { OperatorFamily, Reader } from './reader.js';

/** Whole numbers of these types are quantised weights or biases. */
const QUANTISED: ReadonlySet<DType> = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32']);

/** (x − zero point) · scale of a constant, in float32, rounded where runtimes round: the difference, and the product. */
function dequantizeLinear(ctx: NodeContext): Value {
  const x = constantInput(ctx);
  if (!QUANTISED.has(x.dtype))
    throw unsupported(ctx.label, `a constant of ${[...QUANTISED].join(', ')}`, x.dtype);
  const { scaleAt, zeroAt } = parametersOf(ctx, x, x.dtype);
  const data = x.data.map((value, i) => Math.fround(Math.fround(value - zeroAt(i)) * scaleAt(i)));
  return constantOf({ dtype: 'float32', shape: x.shape, data });
}

/** x / scale, rounded to even, plus the zero point, cut to the type's range. */
function quantizeLinear(ctx: NodeContext): Value {
  const x = constantInput(ctx);
  if (x.dtype !== 'float32') throw unsupported(ctx.label, 'a constant of float32', x.dtype);
  const dtype = ctx.inputs[2]?.dtype ?? 'uint8';
  if (isFloat(dtype) || dtype === 'int32' || !QUANTISED.has(dtype)) {
    throw unsupported(ctx.label, 'a zero point of int8, uint8, int16 or uint16', dtype);
  }
  const { lo, hi } = rangeOf(dtype as IntegerType);
  const { scaleAt, zeroAt } = parametersOf(ctx, x, dtype);
  const data = x.data.map((value, i) => {
    const quotient = Math.fround(value / scaleAt(i));
    if (Number.isNaN(quotient))
      throw unsupported(ctx.label, 'numbers to quantise', `${value} / ${scaleAt(i)}`);
    return Math.min(hi, Math.max(lo, roundedToEven(quotient) + zeroAt(i))) + 0;
  });
  return constantOf({ dtype, shape: x.shape, data });
}

function constantInput(ctx: NodeContext): Constant {
  const x = ctx.value(0);
  if (x.kind === 'constant') return x;
  throw unsupported(
    ctx.label,
    'a constant',
    'a tensor that depends on the network’s input: its rounding is affine nowhere',
    'Quantise weights only, not activations.',
  );
}

/** The scale and zero point of every entry: one for all, or one for each index along an axis. */
function parametersOf(
  ctx: NodeContext,
  x: Constant,
  zeroType: DType,
): { scaleAt: (i: number) => number; zeroAt: (i: number) => number } {
  const { attributes } = ctx;
  if (attributes.int('block_size', 0) !== 0)
    throw unsupported(ctx.label, 'one scale for all or for an axis', 'blocks');
  if (attributes.int('output_dtype', 0) !== 0)
    throw unsupported(ctx.label, 'the type of the inputs', 'another');
  // Of 8-bit floats, which are not read.
  attributes.ignore('saturate');
  const scale = ctx.constant(1);
  const zero = ctx.optionalConstant(2);
  if (scale.dtype !== 'float32') throw unsupported(ctx.label, 'a scale of float32', scale.dtype);
  if (zero && zero.dtype !== zeroType) throw malformed(ctx.label, `a zero point of ${zeroType}`, zero.dtype);
  const named = attributes.int('axis', 1);
  if (scale.data.length === 1 && scale.shape.length <= 1) {
    const [only, offset] = [scale.data[0], zero?.data[0] ?? 0];
    if (zero && zero.data.length !== 1) throw malformed(ctx.label, 'one zero point', `${zero.data.length}`);
    ctx.claim(x.data.length);
    return { scaleAt: () => only, zeroAt: () => offset };
  }
  const axis = named < 0 ? named + x.shape.length : named;
  const size = x.shape[axis];
  if (scale.shape.length !== 1 || scale.data.length !== size || (zero && zero.data.length !== size)) {
    throw malformed(
      ctx.label,
      `one scale, and zero point, for each of ${size ?? 'the'} entries of axis ${named}`,
      `scales [${scale.shape}]${zero ? `, zero points [${zero.shape}]` : ''}`,
    );
  }
  const step = x.shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const indexOf = (i: number) => Math.floor(i / step) % size;
  ctx.claim(x.data.length);
  return { scaleAt: i => scale.data[indexOf(i)], zeroAt: i => zero?.data[indexOf(i)] ?? 0 };
}

function roundedToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Weights that a file stores as whole numbers. */
export const quantization: OperatorFamily = {
  name: 'quantization',
  readers: new Map<string, Reader>([
    ['DequantizeLinear', dequantizeLinear],
    ['QuantizeLinear', quantizeLinear],
  ]),
};
