import { windowsOf } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { withoutBatch } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { unsupported } from '../errors.js';
import { isFloat } from '../tensor.js';
import { entriesOf, type Value } from '../values.js';
import { axesOf } from './shape.js';

/** ONNX ReduceMean; its axes are an input from operator set 18 on. */
export const reduceMean = (ctx: NodeContext): Value => linear(ctx, 18, operators.meanOver);

/** ONNX ReduceSum; its axes are an input from operator set 13 on. */
export const reduceSum = (ctx: NodeContext): Value => linear(ctx, 13, operators.sumOver);

function linear(ctx: NodeContext, since: number, over: typeof operators.sumOver): Value {
  const x = ctx.float(0);
  const { axes, shape } = reduction(ctx, x, since);
  if (axes.length === 0) return ctx.reshaped(x, x.shape, 0);
  ctx.claim(2 * entriesOf(x.shape));
  return ctx.affine(x, over({ shape: x.shape, axes }), shape);
}

/** ONNX ReduceMax: windows that never overlap. Its axes are an input from operator set 18 on. */
export function reduceMax(ctx: NodeContext): Value {
  const x = ctx.float(0);
  const { axes, shape } = reduction(ctx, x, 18);
  if (axes.length === 0) return ctx.reshaped(x, x.shape, 0);
  if (x.kind === 'constant')
    throw unsupported(ctx.label, 'an input that depends on the network’s', 'a constant');
  ctx.claim(8 * entriesOf(shape) + 3 * entriesOf(x.shape));
  // Kept axes first, and every window is a run.
  const kept = x.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis));
  const { index } = operators.transpose(x.shape, [...kept, ...axes]);
  const length = entriesOf(axes.map(axis => x.shape[axis]));
  const lists = Array.from({ length: entriesOf(shape) }, (_, w) => [
    ...index.subarray(w * length, (w + 1) * length),
  ]);
  return ctx.builder.max(x, { windows: windowsOf(lists) }, shape, ctx.name, {
    node: ctx.node,
    negated: false,
    terms: [{ tensor: ctx.tensors[0], start: 0, size: entriesOf(x.shape), isElementwise: false }],
    dims: withoutBatch(shape),
    pooledDims: withoutBatch(x.shape),
    dtype: isFloat(x.dtype) ? x.dtype : 'float32',
  });
}

interface Reduction {
  readonly axes: readonly number[];
  readonly shape: readonly number[];
}

/** Axes are an attribute before operator set `since`, an input from then on; none means all, unless told otherwise. */
function reduction(ctx: NodeContext, { shape }: Value, since: number): Reduction {
  const { attributes } = ctx;
  const given = (ctx.opset < since ? attributes.ints('axes') : ctx.integers(1)) ?? [];
  const keeps = attributes.int('keepdims', 1) !== 0;
  const isNoop = ctx.opset >= since && attributes.int('noop_with_empty_axes', 0) !== 0;
  const all = shape.map((_, axis) => axis);
  const axes = given.length > 0 ? axesOf(ctx, given, shape.length) : isNoop ? [] : all;
  return {
    axes,
    shape: keeps
      ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : shape.filter((_, axis) => !axes.includes(axis)),
  };
}
