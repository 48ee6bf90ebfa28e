import type { Activation } from '@police/core';
import {
  abs as absOf,
  clip as clipTo,
  elu as eluOf,
  hardSigmoid as hardSigmoidOf,
  hardSwish as hardSwishOf,
  leakyRelu as leakyReluOf,
  operators,
  prelu as preluOf,
  relu as reluOf,
  selu as seluOf,
} from '@police/core';
import { broadcastIndex, broadcastShapes, sameShape } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed } from '../errors.js';
import { entriesOf, type Value } from '../values.js';

/** The largest float32: a bound that no float32 value passes is none. */
export const NO_BOUND: number = 2 ** 128 - 2 ** 104;

/** An activation on input `input` of the node. */
export function activated(ctx: NodeContext, activation: Activation, input = 0, part?: string): Value {
  const x = ctx.float(input);
  return ctx.builder.activation(x, activation, ctx.part(part), ctx.shiftSite(input, x));
}

export const relu = (ctx: NodeContext): Value => activated(ctx, reluOf());
export const abs = (ctx: NodeContext): Value => activated(ctx, absOf());
export const hardSwish = (ctx: NodeContext): Value => activated(ctx, hardSwishOf());

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
  const groups = new Int32Array(entriesOf(curved.shape));
  return ctx.affine(curved, operators.scale({ factor: [gamma], groups }), curved.shape);
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
  const min = (isOld ? attributes.float('min') : ctx.scalar(1)) ?? -NO_BOUND;
  const max = (isOld ? attributes.float('max') : ctx.scalar(2)) ?? NO_BOUND;
  return clipped(ctx, min, max);
}

/** x clipped to bounds, of which one may be none. */
export function clipped(ctx: NodeContext, min: number, max: number, input = 0): Value {
  if (min <= -NO_BOUND && max >= NO_BOUND) {
    const x = ctx.float(input);
    return ctx.reshaped(x, x.shape, input);
  }
  if (min === 0 && max >= NO_BOUND) return activated(ctx, reluOf(), input);
  return activated(ctx, clipTo(Math.max(min, -NO_BOUND), Math.min(max, NO_BOUND)), input);
}
