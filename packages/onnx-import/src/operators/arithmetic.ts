import * as operators from '@police/core/operators';
import { ADD, assertKnown, DIVIDE, MULTIPLY, type Operation, operationIn, SUBTRACT } from '../arithmetic.js';
import { broadcastIndex, broadcastShapes } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { type Constant, constantOf, entriesOf, type Value } from '../values.js';
import { takeIn } from './left-out.js';
import { addConstant, groupsOf } from './offset.js';

/** An elementwise operation on two constants of one type, as a runtime does it in that type. */
export function foldTwo(ctx: NodeContext, a: Constant, b: Constant, operation: Operation): Constant {
  return foldBy(ctx, a, b, operationIn(operation, a.dtype, ctx.label));
}

/** The same for a function that knows its rounding. */
export function foldBy(
  ctx: NodeContext,
  a: Constant,
  b: Constant,
  f: (x: number, y: number) => number,
): Constant {
  if (a.dtype !== b.dtype)
    throw malformed(ctx.label, 'two constants of one type', `${a.dtype} and ${b.dtype}`);
  for (const { data, dtype } of [a, b]) assertKnown(data, dtype, ctx.label);
  const shape = broadcastShapes([a.shape, b.shape], ctx.label);
  ctx.claim(3 * entriesOf(shape));
  const [i, j] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)];
  return constantOf({
    dtype: a.dtype,
    shape,
    data: Float64Array.from(i, (at, k) => f(a.data[at], b.data[j[k]])),
  });
}

/** `coefficients[0] · x + coefficients[1] · y + …`, each coefficient 1 or −1. */
function combination(ctx: NodeContext, values: readonly Value[], coefficients: readonly number[]): Value {
  const data = values.filter(value => value.kind === 'data');
  if (data.length === 0) throw malformed(ctx.label, 'an input that is not constant', 'constants only');
  const shape = broadcastShapes(
    values.map(value => value.shape),
    ctx.label,
  );
  const terms = values.map((value, i) => {
    const spread = ctx.broadcast(value, shape, i);
    return spread.kind === 'data' ? spread : ctx.builder.lifted(spread, data[0], ctx.part('constant'));
  });
  return { ...ctx.builder.sum(terms, coefficients, ctx.name), shape };
}

export function add(ctx: NodeContext): Value {
  const [a, b] = [ctx.value(0), ctx.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') return foldTwo(ctx, a, b, ADD);
  if (a.kind === 'data' && b.kind === 'constant') {
    return addConstant(ctx, a, b, { xInput: 0, input: 1, negated: false });
  }
  if (a.kind === 'constant' && b.kind === 'data') {
    return addConstant(ctx, b, a, { xInput: 1, input: 0, negated: false });
  }
  return combination(ctx, [a, b], [1, 1]);
}

export function sub(ctx: NodeContext): Value {
  const [a, b] = [ctx.value(0), ctx.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') return foldTwo(ctx, a, b, SUBTRACT);
  if (a.kind === 'data' && b.kind === 'constant') {
    return addConstant(ctx, a, b, { xInput: 0, input: 1, negated: true });
  }
  if (a.kind === 'constant' && b.kind === 'data') {
    const minus = negated(ctx, b, 'negated');
    return minus.kind === 'data' ? addConstant(ctx, minus, a, { input: 0, negated: false }) : minus;
  }
  return combination(ctx, [a, b], [1, -1]);
}

/** ONNX Sum of any number of tensors. */
export function sum(ctx: NodeContext): Value {
  const values = ctx.inputs.map((_, i) => ctx.float(i));
  if (values.length === 1) return ctx.reshaped(values[0], values[0].shape, 0);
  if (values.length === 2) return add(ctx);
  return combination(
    ctx,
    values,
    values.map(() => 1),
  );
}

function negated(ctx: NodeContext, x: Value, part?: string): Value {
  const groups = new Int32Array(entriesOf(x.shape));
  return ctx.affine(x, operators.scale({ factor: [-1], groups }), x.shape, part);
}

export function neg(ctx: NodeContext): Value {
  const x = ctx.value(0);
  if (x.kind === 'data') return negated(ctx, x);
  const zero = constantOf({ dtype: x.dtype, shape: [], data: Float64Array.of(-0) });
  // −0 − x is −x, of zeros too.
  return foldTwo(ctx, zero, x, SUBTRACT);
}

export function mul(ctx: NodeContext): Value {
  const [a, b] = [ctx.value(0), ctx.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') return foldTwo(ctx, a, b, MULTIPLY);
  if (b.kind === 'constant') return scaled(ctx, a, 0, b);
  if (a.kind === 'constant') return scaled(ctx, b, 1, a);
  throw unsupported(
    ctx.label,
    'a constant factor',
    'a product of two tensors that depend on the network’s input',
    ctx.knowsCurves ? undefined : takeIn('smoothFunctions'),
  );
}

function scaled(ctx: NodeContext, x: Value, input: number, c: Constant): Value {
  const spread = ctx.broadcast(x, broadcastShapes([x.shape, c.shape], ctx.label), input);
  ctx.claim(entriesOf(spread.shape));
  return ctx.affine(spread, operators.scale({ factor: c.data, ...groupsOf(c, spread.shape) }), spread.shape);
}

/** Division by constants. */
export function div(ctx: NodeContext): Value {
  const [a, b] = [ctx.value(0), ctx.value(1)];
  if (a.kind === 'constant' && b.kind === 'constant') return foldTwo(ctx, a, b, DIVIDE);
  if (b.kind === 'data')
    throw unsupported(ctx.label, 'a constant divisor', 'one that depends on the network’s input');
  const spread = ctx.broadcast(a, broadcastShapes([a.shape, b.shape], ctx.label), 0);
  ctx.claim(entriesOf(spread.shape));
  const { groups } = groupsOf(b, spread.shape);
  return ctx.affine(spread, operators.divide(b.data, groups), spread.shape);
}
