import * as operators from '@police/core/operators';
import { assertKnown, converted } from '../arithmetic.js';
import { broadcastShapes } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { codeOf, dtypeOf, type FloatType, isFloat } from '../tensor.js';
import { constantOf, type Data, entriesOf, type Value } from '../values.js';

/** Axes counted from the end where negative, checked against a rank. Throws `invalid-network`. */
export function axesOf(ctx: NodeContext, axes: readonly number[], rank: number): number[] {
  const resolved = axes.map(axis => (axis < 0 ? axis + rank : axis));
  const fits = resolved.every(axis => Number.isInteger(axis) && axis >= 0 && axis < rank);
  if (fits && new Set(resolved).size === axes.length) return resolved;
  throw malformed(ctx.label, `distinct axes from ${-rank} to ${rank - 1}`, `[${axes}]`);
}

/** The input as it is. */
export function identity(ctx: NodeContext): Value {
  const x = ctx.value(0);
  return ctx.reshaped(x, x.shape, 0);
}

/** At inference nothing is dropped. */
export function dropout(ctx: NodeContext): Value {
  ctx.attributes.ignore('ratio', 'seed', 'is_test');
  const training = ctx.opset < 12 ? undefined : ctx.optionalConstant(2);
  if (training?.data[0]) throw unsupported(ctx.label, 'dropout at inference', 'training_mode true');
  return identity(ctx);
}

export function reshape(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const wanted = ctx.constant(1) && ctx.integers(1)!;
  const copiesZeros = ctx.attributes.int('allowzero', 0) === 0;
  const shape = wanted.map((size, axis) => (size === 0 && copiesZeros ? x.shape[axis] : size));
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const rest = entriesOf(shape.filter((_, axis) => axis !== open));
    shape[open] = entriesOf(x.shape) / rest;
  }
  if (!shape.every(size => Number.isInteger(size) && size >= 0)) {
    throw malformed(ctx.label, `a shape of ${entriesOf(x.shape)} entries`, `[${wanted}]`);
  }
  return ctx.reshaped(x, shape, 0);
}

export function flatten(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const rank = x.shape.length;
  const given = ctx.attributes.int('axis', 1);
  const axis = given < 0 ? given + rank : given;
  if (!(axis >= 0 && axis <= rank))
    throw malformed(ctx.label, `an axis from ${-rank} to ${rank}`, `${given}`);
  return ctx.reshaped(x, [entriesOf(x.shape.slice(0, axis)), entriesOf(x.shape.slice(axis))], 0);
}

export function squeeze(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const given = ctx.opset < 13 ? ctx.attributes.ints('axes') : ctx.integers(1);
  if (given?.length === 0) {
    const remedy = 'Name the axes, or leave the list out.';
    throw unsupported(
      ctx.label,
      'axes, or no list of them',
      'an empty list, which optimizers read in two ways',
      remedy,
    );
  }
  const axes = given && axesOf(ctx, given, x.shape.length);
  const shape = x.shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1));
  return ctx.reshaped(x, shape, 0);
}

export function unsqueeze(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const given = ctx.opset < 13 ? ctx.attributes.ints('axes') : ctx.integers(1);
  if (!given) throw malformed(ctx.label, 'axes', 'none');
  const axes = axesOf(ctx, given, x.shape.length + given.length);
  const sizes = [...x.shape];
  const shape = Array.from({ length: x.shape.length + axes.length }, (_, axis) =>
    axes.includes(axis) ? 1 : sizes.shift()!,
  );
  return ctx.reshaped(x, shape, 0);
}

export function transpose(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const permutation = ctx.attributes.ints('perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  ctx.claim(entriesOf(x.shape));
  return ctx.move(x, operators.transpose(x.shape, permutation), 0);
}

export function expand(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const wanted = ctx.constant(1) && ctx.integers(1)!;
  if (!wanted.every(size => size > 0)) throw malformed(ctx.label, 'sizes from 1 up', `[${wanted}]`);
  return ctx.broadcast(x, broadcastShapes([x.shape, wanted], ctx.label), 0);
}

/** Digits of a floating-point type. */
const DIGITS = { float16: 11, float32: 24, float64: 53 } as const;

/**
 * Constants go to any type of number. Data go between floating-point types: to a wider one unchanged, to a narrower one
 * with one rounding; but to half precision only where the network's input is of it already, so that the guarantee, which
 * is to that type's rounding, still says something.
 */
export function cast(ctx: NodeContext): Value {
  const x = ctx.value(0);
  ctx.attributes.ignore('saturate');
  const dtype = dtypeOf(ctx.attributes.int('to', 0), ctx.label);
  if (x.kind === 'data') {
    if (!isFloat(dtype))
      throw unsupported(ctx.label, 'a floating-point type', `ONNX data type ${codeOf(dtype)}`);
    return castData(ctx, x, dtype);
  }
  ctx.claim(x.data.length);
  if (dtype !== x.dtype && dtype !== 'bool') assertKnown(x.data, x.dtype, ctx.label);
  const data = dtype === x.dtype ? x.data : x.data.map(converted(x.dtype, dtype, ctx.label));
  return constantOf({ dtype, shape: x.shape, data });
}

function castData(ctx: NodeContext, x: Data, dtype: FloatType): Data {
  const isNarrower = DIGITS[dtype] < DIGITS[x.dtype];
  if (!isNarrower || DIGITS[dtype] >= DIGITS[ctx.builder.inputType]) {
    return { ...x, dtype, exclusive: x.exclusive && ctx.isOnlyReader(0) };
  }
  if (dtype === 'float16') {
    const remedy = 'Keep the model in one format, or give it float16 inputs.';
    throw unsupported(ctx.label, `no rounding to float16 of ${x.dtype} numbers`, 'one', remedy);
  }
  ctx.claim(entriesOf(x.shape));
  // A product with 1, whose one rounding counts in every bound.
  const once = operators.scale({ factor: [1], groups: new Int32Array(entriesOf(x.shape)) });
  const same = ctx.affine(x, once, x.shape) as Data;
  return { ...same, dtype };
}

/** The sizes are known: a dynamic batch is one sample. */
export function shapeOf(ctx: NodeContext): Value {
  const { shape } = ctx.value(0);
  const rank = shape.length;
  const at = (given: number) => Math.min(rank, Math.max(0, given < 0 ? given + rank : given));
  const part = shape.slice(at(ctx.attributes.int('start', 0)), at(ctx.attributes.int('end', rank)));
  return constantOf({ dtype: 'int64', shape: [part.length], data: Float64Array.from(part) });
}

export function sizeOf(ctx: NodeContext): Value {
  return constantOf({ dtype: 'int64', shape: [], data: Float64Array.of(entriesOf(ctx.value(0).shape)) });
}
