import { broadcastIndex, broadcastShapes } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { rounderOf } from '../tensor.js';
import { constantOf, entriesOf, type Value } from '../values.js';
import { foldTwo } from './arithmetic.js';

/** ONNX Constant: a tensor, a number or a list of numbers. */
export function constant(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const tensor = attributes.tensor('value');
  if (tensor) return constantOf(tensor);
  const float = attributes.float('value_float');
  if (float !== undefined) return constantOf({ dtype: 'float32', shape: [], data: Float64Array.of(float) });
  const int = attributes.int('value_int');
  if (int !== undefined) return constantOf({ dtype: 'int64', shape: [], data: Float64Array.of(int) });
  const floats = attributes.floats('value_floats');
  const list = floats ?? attributes.ints('value_ints');
  if (!list) throw unsupported(ctx.label, 'a constant made of numbers', 'another one');
  const dtype = floats ? 'float32' : 'int64';
  return constantOf({ dtype, shape: [list.length], data: Float64Array.from(list) });
}

export function constantOfShape(ctx: NodeContext): Value {
  const shape = ctx.constant(0) && ctx.integers(0)!;
  const value = ctx.attributes.tensor('value');
  if (value && value.data.length !== 1)
    throw malformed(ctx.label, 'a value of one entry', `[${value.shape}]`);
  if (!shape.every(size => size >= 0)) throw malformed(ctx.label, 'sizes from 0 up', `[${shape}]`);
  const entries = entriesOf(shape);
  ctx.claim(entries);
  const data = new Float64Array(entries).fill(value?.data[0] ?? 0);
  return constantOf({ dtype: value?.dtype ?? 'float32', shape, data });
}

export function range(ctx: NodeContext): Value {
  const [start, limit, delta] = [0, 1, 2].map(input => ctx.constant(input) && ctx.scalar(input)!);
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  ctx.claim(length);
  const data = Float64Array.from({ length }, (_, i) => start + i * delta);
  return constantOf({ dtype: ctx.value(0).dtype, shape: [length], data });
}

/** An operator that is read where its input is constant. */
export function foldedBy(f: (x: number) => number): (ctx: NodeContext) => Value {
  return ctx => {
    const x = ctx.constant(0);
    ctx.claim(x.data.length);
    const round = rounderOf(x.dtype);
    return constantOf({ ...x, data: x.data.map(v => round(f(v))) });
  };
}

/** The same for two inputs. */
export function foldedByTwo(f: (x: number, y: number) => number): (ctx: NodeContext) => Value {
  return ctx => foldTwo(ctx, ctx.constant(0), ctx.constant(1), f);
}

/** Comparisons, whose result is true or false. */
export function comparedBy(f: (x: number, y: number) => boolean): (ctx: NodeContext) => Value {
  return ctx => ({
    ...foldTwo(ctx, ctx.constant(0), ctx.constant(1), (x, y) => Number(f(x, y))),
    dtype: 'bool',
  });
}

export function where(ctx: NodeContext): Value {
  const [condition, x, y] = [ctx.constant(0), ctx.constant(1), ctx.constant(2)];
  const shape = broadcastShapes([condition.shape, x.shape, y.shape], ctx.label);
  ctx.claim(4 * entriesOf(shape));
  const [c, i, j] = [condition, x, y].map(value => broadcastIndex(value.shape, shape));
  const data = Float64Array.from(c, (at, k) => (condition.data[at] ? x.data[i[k]] : y.data[j[k]]));
  return constantOf({ dtype: x.dtype, shape, data });
}
