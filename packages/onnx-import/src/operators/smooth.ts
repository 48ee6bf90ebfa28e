import type { NodeContext } from '../context.js';
import { curveValue, type SmoothName, smoothActivation } from '../curves/activation.js';
import { conesOf } from '../curves/cones.js';
import { QUICK } from '../curves/recognise.js';
import { malformed, unsupported } from '../errors.js';
import type { Value } from '../values.js';
import { activated } from './activations.js';
import type { OperatorFamily, Reader } from './reader.js';

const smooth =
  (name: SmoothName): Reader =>
  ctx =>
    activated(ctx, smoothActivation(ctx, name));

/** Operator set 20 on. */
function gelu(ctx: NodeContext): Value {
  const form = ctx.attributes.string('approximate', 'none');
  if (form === 'none') return activated(ctx, smoothActivation(ctx, 'gelu'));
  if (form === 'tanh') return activated(ctx, smoothActivation(ctx, 'geluTanh'));
  throw malformed(ctx.label, "approximate 'none' or 'tanh'", `'${form}'`);
}

/** Operator set 24 on: x · σ(α x). */
function swish(ctx: NodeContext): Value {
  const alpha = ctx.attributes.float('alpha', 1);
  if (alpha === 1) return activated(ctx, smoothActivation(ctx, 'silu'));
  if (alpha === Math.fround(QUICK))
    return activated(ctx, smoothActivation(ctx, 'quickGelu', Math.abs(alpha / QUICK - 1)));
  throw unsupported(ctx.label, 'alpha 1, which makes it a SiLU, or 1.702, a quick GELU', `${alpha}`);
}

/** Functions that are affine on their tails only, and products of a tensor with a function of itself, which hard swish is too. */
export const smoothFunctions: OperatorFamily = {
  name: 'smoothFunctions',
  readers: new Map<string, Reader>([
    ['Gelu', gelu],
    ['Mish', smooth('mish')],
    ['Sigmoid', smooth('sigmoid')],
    ['Softplus', smooth('softplus')],
    ['Swish', swish],
    ['Tanh', smooth('tanh')],
  ]),
  curves: { conesOf, valueOf: curveValue },
};
