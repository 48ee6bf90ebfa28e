import { maxPoolWindows } from '@police/core';
import { windowsOf } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { withoutBatch } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import type { MaxSite } from '../sites.js';
import { isFloat } from '../tensor.js';
import { entriesOf, type Value } from '../values.js';
import { claimWindows, poolPaddingOf, sampleShape, windowing } from './spatial.js';

/** ONNX AveragePool, 1-D or 2-D. */
export function averagePool(ctx: NodeContext): Value {
  const x = ctx.float(0);
  const shape = sampleShape(ctx, x);
  const plane = shape.slice(1);
  const windows = windowing(ctx, plane);
  const padding = poolPaddingOf(ctx, plane, windows);
  const { kernel } = windows;
  const perWindow = 4 + 2 * kernel.reduce((product, size, axis) => product * Math.min(size, plane[axis]), 1);
  claimWindows(ctx, shape[0], plane, { ...windows, padding }, perWindow);
  const operator = operators.averagePool({
    shape,
    ...windows,
    padding,
    countIncludePad: ctx.attributes.int('count_include_pad', 0) !== 0,
    ceilMode: ctx.attributes.int('ceil_mode', 0) !== 0,
  });
  return ctx.affine(x, operator, [1, ...operator.outShape]);
}

/** `[1, C, …] → [1, C, 1, …]`. */
export function globalAveragePool(ctx: NodeContext): Value {
  const x = ctx.float(0);
  if (x.shape.length < 3) throw malformed(ctx.label, 'an input with spatial axes', `sizes [${x.shape}]`);
  ctx.claim(2 * entriesOf(x.shape));
  const axes = x.shape.slice(2).map((_, axis) => axis + 2);
  const shape = x.shape.map((size, axis) => (axis < 2 ? size : 1));
  return ctx.affine(x, operators.meanOver({ shape: x.shape, axes }), shape);
}

function poolSite(ctx: NodeContext, x: Value, shape: readonly number[]): MaxSite {
  return {
    node: ctx.node,
    negated: false,
    terms: [{ tensor: ctx.tensors[0], start: 0, size: entriesOf(x.shape), isElementwise: false }],
    dims: withoutBatch(shape),
    pooledDims: withoutBatch(x.shape),
    dtype: isFloat(x.dtype) ? x.dtype : 'float32',
  };
}

function dataInput(ctx: NodeContext) {
  const x = ctx.float(0);
  if (x.kind === 'data') return x;
  throw unsupported(ctx.label, 'an input that depends on the network’s', 'a constant');
}

/** ONNX MaxPool, 1-D or 2-D, without indices. */
export function maxPool(ctx: NodeContext): Value {
  const x = dataInput(ctx);
  const shape = sampleShape(ctx, x);
  const plane = shape.slice(1);
  const windows = windowing(ctx, plane);
  const padding = poolPaddingOf(ctx, plane, windows);
  ctx.attributes.ignore('storage_order');
  const ceil = ctx.attributes.int('ceil_mode', 0) !== 0;
  const perWindow = 8 + 3 * windows.kernel.reduce((product, size) => product * size, 1);
  claimWindows(ctx, shape[0], plane, { ...windows, padding }, perWindow);
  // A pool over one axis is one over a plane of height 1.
  const flat = (list: readonly number[], one: number): [number, number] =>
    list.length === 1 ? [one, list[0]] : [list[0], list[1]];
  const [top, left] = flat(padding.slice(0, plane.length), 0);
  const [bottom, right] = flat(padding.slice(plane.length), 0);
  const pool = maxPoolWindows({
    shape: [shape[0], ...flat(plane, 1)],
    kernel: flat(windows.kernel, 1),
    strides: flat(windows.strides, 1),
    dilations: flat(windows.dilations, 1),
    padding: [top, left, bottom, right],
    ceil,
  });
  const outShape = [1, shape[0], ...pool.outShape.slice(3 - plane.length)];
  return ctx.builder.max(x, pool, outShape, ctx.name, poolSite(ctx, x, outShape));
}

/** `[1, C, …] → [1, C, 1, …]`. */
export function globalMaxPool(ctx: NodeContext): Value {
  const x = dataInput(ctx);
  const [batch, channels, ...plane] = x.shape;
  if (batch !== 1 || plane.length === 0) throw malformed(ctx.label, 'sizes [1, C, …]', `[${x.shape}]`);
  const area = entriesOf(plane);
  ctx.claim(8 * channels + 3 * channels * area);
  const windows = windowsOf(
    Array.from({ length: channels }, (_, c) => Array.from({ length: area }, (_, i) => c * area + i)),
  );
  const shape = [1, channels, ...plane.map(() => 1)];
  return ctx.builder.max(x, { windows }, shape, ctx.name, poolSite(ctx, x, shape));
}
