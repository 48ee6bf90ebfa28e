import { ADD, assertKnown, computedIn, operationIn, SUBTRACT } from '../arithmetic.js';
import { broadcastIndex, broadcastShapes } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { type Constant, constantOf, entriesOf, type Value } from '../values.js';
import { foldBy } from './arithmetic.js';
import { takeIn } from './left-out.js';

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

/**
 * Some runtimes add `delta` again and again, others multiply it: read where both round to the same numbers. The length
 * too is computed in the type or in float64.
 */
export function range(ctx: NodeContext): Value {
  const { dtype } = ctx.value(0);
  const [start, limit, delta] = [0, 1, 2].map(input => {
    const constant = ctx.constant(input);
    assertKnown(constant.data, constant.dtype, ctx.label);
    return ctx.scalar(input)!;
  });
  const [add, subtract] = [ADD, SUBTRACT].map(operation => operationIn(operation, dtype, ctx.label));
  const [round, lengthFor] = [
    computedIn(dtype, ctx.label),
    (span: number) => Math.max(0, Math.ceil(span / delta)),
  ];
  const length = lengthFor(limit - start);
  ctx.claim(length);
  const data = new Float64Array(length);
  for (let i = 0, next = start; i < length; i++, next = add(next, delta)) data[i] = next;
  const isCertain =
    lengthFor(subtract(limit, start)) === length &&
    Math.max(0, Math.ceil(round(subtract(limit, start) / delta))) === length &&
    data.every((value, i) => value === round(start + round(i * delta)));
  if (isCertain) return constantOf({ dtype, shape: [length], data });
  const remedy = 'Store the list as a constant.';
  throw unsupported(
    ctx.label,
    'a range whose numbers are not rounded',
    `steps of ${delta} in ${dtype}`,
    remedy,
  );
}

/** An operator of floats that is read where its input is constant; its exact result is rounded once. */
export function foldedBy(f: (x: number) => number): (ctx: NodeContext) => Value {
  return ctx => {
    const x = floats(ctx, 0);
    ctx.claim(x.data.length);
    const round = computedIn(x.dtype, ctx.label);
    return constantOf({ ...x, data: x.data.map(v => round(f(v))) });
  };
}

function floats(ctx: NodeContext, input: number): Constant {
  ctx.float(input);
  return ctx.constant(input);
}

/**
 * A function that runtimes approximate, each in its own way: read where all its inputs are among those whose result is
 * exact. Throws `unsupported-layer`.
 */
export function exactlyFoldedBy(exact: ReadonlyMap<number, number>): (ctx: NodeContext) => Value {
  return ctx => {
    const x = floats(ctx, 0);
    const other = x.data.find(v => !exact.has(v));
    if (other === undefined) return constantOf({ ...x, data: x.data.map(v => exact.get(v)!) });
    throw unsupported(
      ctx.label,
      `a constant that every runtime rounds alike, of ${[...exact.keys()]}`,
      `of ${other}`,
      STORE,
    );
  };
}

const STORE = 'Store the result as a constant: runtimes approximate it, each in its own way.';

/** x to a power of 0, 1 or 2, where nothing is approximated. */
export function pow(ctx: NodeContext): Value {
  if (ctx.value(0).kind === 'data' && !ctx.knowsCurves) {
    const actual = 'one that depends on the network’s input';
    throw unsupported(ctx.label, 'a constant base', actual, takeIn('smoothFunctions'));
  }
  const [x, y] = [floats(ctx, 0), floats(ctx, 1)];
  const other = y.data.find(v => v !== 0 && v !== 1 && v !== 2);
  if (other !== undefined) throw unsupported(ctx.label, 'a power of 0, 1 or 2', `${other}`, STORE);
  const round = computedIn(x.dtype, ctx.label);
  return foldBy(ctx, x, y, (base, power) => {
    const value = base ** power;
    if (round(value) === value) return value;
    throw unsupported(ctx.label, 'a power that is not rounded', `${base} to the ${power}`, STORE);
  });
}

/** Comparisons, whose result is true or false. */
export function comparedBy(f: (x: number, y: number) => boolean): (ctx: NodeContext) => Value {
  return ctx => ({
    ...foldBy(ctx, ctx.constant(0), ctx.constant(1), (x, y) => Number(f(x, y))),
    dtype: 'bool',
  });
}

export function where(ctx: NodeContext): Value {
  const [condition, x, y] = [ctx.constant(0), ctx.constant(1), ctx.constant(2)];
  if (x.dtype !== y.dtype || condition.dtype !== 'bool') {
    const types = [condition, x, y].map(({ dtype }) => dtype).join(', ');
    throw malformed(ctx.label, 'a bool and two constants of one type', types);
  }
  const shape = broadcastShapes([condition.shape, x.shape, y.shape], ctx.label);
  ctx.claim(4 * entriesOf(shape));
  const [c, i, j] = [condition, x, y].map(value => broadcastIndex(value.shape, shape));
  const data = Float64Array.from(c, (at, k) => (condition.data[at] ? x.data[i[k]] : y.data[j[k]]));
  return constantOf({ dtype: x.dtype, shape, data });
}
