import type { Activation } from '@police/core';
import {
  abs as absOf,
  clip as clipTo,
  elu as eluOf,
  hardSigmoid as hardSigmoidOf,
  hardSwish as hardSwishOf,
  leakyRelu as leakyReluOf,
  prelu as preluOf,
  relu as reluOf,
  selu as seluOf,
} from '@police/core';
import { broadcastIndex, broadcastShapes, sameShape } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import type { FloatType } from '../tensor.js';
import { constantOf, entriesOf, type Value } from '../values.js';
import { timesAttribute } from './offset.js';

/** The largest number of each type: a bound that no number passes is none. Half precision is computed in float32. */
const LARGEST: Readonly<Record<FloatType, number>> = {
  float16: 2 ** 128 - 2 ** 104,
  float32: 2 ** 128 - 2 ** 104,
  float64: Number.MAX_VALUE,
};

/** An activation on input `input` of the node. */
export function activated(ctx: NodeContext, activation: Activation, input = 0, part?: string): Value {
  const x = ctx.float(input);
  return ctx.builder.activation(x, activation, ctx.part(part), ctx.shiftSite(input, x));
}

export const relu = (ctx: NodeContext): Value => activated(ctx, reluOf());
export const abs = (ctx: NodeContext): Value => activated(ctx, absOf());

/** In float64 a runtime's 1/6 is still that of float32. */
export function hardSwish(ctx: NodeContext): Value {
  if (ctx.float(0).dtype !== 'float64') return activated(ctx, hardSwishOf());
  throw unsupported(ctx.label, 'a hard swish of float32 or float16', 'one of float64, whose 1/6 is rounded');
}

/** ONNX gives defaults in float32. */
const f32 = Math.fround;

export function leakyRelu(ctx: NodeContext): Value {
  return activated(ctx, leakyReluOf(ctx.attributes.float('alpha', f32(0.01))));
}

export function elu(ctx: NodeContext): Value {
  return activated(ctx, eluOf(ctx.attributes.float('alpha', 1)));
}

export function hardSigmoid(ctx: NodeContext): Value {
  const { attributes } = ctx;
  return activated(ctx, hardSigmoidOf(attributes.float('alpha', f32(0.2)), attributes.float('beta', 0.5)));
}

/** In float32 these are the constants that ONNX writes with 24 digits. */
const SELU_ALPHA = f32(1.6732632);
const SELU_GAMMA = f32(1.050701);

export function selu(ctx: NodeContext): Value {
  const alpha = ctx.attributes.float('alpha', SELU_ALPHA);
  const gamma = ctx.attributes.float('gamma', SELU_GAMMA);
  if (alpha === SELU_ALPHA && gamma === SELU_GAMMA) return activated(ctx, seluOf());
  const curved = activated(ctx, eluOf(alpha), 0, 'elu');
  return timesAttribute(ctx, curved, gamma);
}

export function prelu(ctx: NodeContext): Value {
  const x = ctx.float(0);
  const slope = ctx.constant(1);
  if (slope.data.length === 1) return activated(ctx, leakyReluOf(slope.data[0]));
  if (!sameShape(broadcastShapes([x.shape, slope.shape], ctx.label), x.shape)) {
    throw malformed(ctx.label, `a slope that broadcasts to [${x.shape}]`, `[${slope.shape}]`);
  }
  ctx.claim(entriesOf(x.shape));
  const index = broadcastIndex(slope.shape, x.shape);
  return activated(ctx, preluOf(Float64Array.from(index, i => slope.data[i])));
}

/** Bounds are attributes before operator set 11, inputs from then on. */
export function clip(ctx: NodeContext): Value {
  const { attributes, opset } = ctx;
  const isOld = opset < 11;
  // Before that a float32 value that is missing is the largest float32, whatever the type.
  const none = isOld ? LARGEST.float32 : Number.POSITIVE_INFINITY;
  const min = (isOld ? attributes.float('min') : ctx.scalar(1)) ?? -none;
  const max = (isOld ? attributes.float('max') : ctx.scalar(2)) ?? none;
  return clipped(ctx, min, max);
}

/** x clipped to bounds, of which one may be none, ±∞: min(max(x, min), max), so that `max` wins where they cross. */
export function clipped(ctx: NodeContext, min: number, max: number, input = 0): Value {
  const x = ctx.float(input);
  const most = LARGEST[x.dtype as FloatType];
  if (Number.isNaN(min) || Number.isNaN(max))
    throw unsupported(ctx.label, 'bounds that are numbers', `${min}, ${max}`);
  if (min >= max) return constantLike(ctx, x, max);
  if (min <= -most && max >= most) return ctx.reshaped(x, x.shape, input);
  if (min === 0 && max >= most) return activated(ctx, reluOf(), input);
  return activated(ctx, clipTo(Math.max(min, -most), Math.min(max, most)), input);
}

/** The same number for every entry of x that is a number. */
function constantLike(ctx: NodeContext, x: Value, value: number): Value {
  const { shape, dtype } = x;
  ctx.claim(entriesOf(shape));
  if (x.kind === 'constant') return { ...x, data: x.data.map(v => (Number.isNaN(v) ? v : value)) };
  const constant = constantOf({ dtype, shape, data: new Float64Array(entriesOf(shape)).fill(value) });
  return ctx.builder.lifted(constant, x, ctx.part());
}
