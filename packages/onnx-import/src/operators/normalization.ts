import * as operators from '@police/core/operators';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import type { FloatType } from '../tensor.js';
import { entriesOf, type Value } from '../values.js';

/**
 * ONNX BatchNormalization at inference, in two nodes: `(x − mean) · γ/√(variance + ε)`, whose coefficients the file
 * implies, and `+ β`, stored and free to change.
 */
export function batchNormalization(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const x = ctx.float(0);
  if (x.kind === 'constant')
    throw unsupported(ctx.label, 'a tensor that depends on the network’s input', 'a constant');
  const [gamma, offset, mean, variance] = [1, 2, 3, 4].map(input => ctx.constant(input).data);
  const epsilon = attributes.float('epsilon', Math.fround(1e-5));
  attributes.ignore('momentum', 'is_test');
  if (attributes.int('training_mode', 0) !== 0) {
    throw unsupported(ctx.label, 'batch normalisation at inference', 'training_mode 1');
  }
  if (attributes.int('spatial', 1) === 0)
    throw unsupported(ctx.label, 'one statistic a channel', 'spatial 0');
  const [batch, channels] = x.shape;
  if (x.shape.length < 2 || [gamma, offset, mean, variance].some(({ length }) => length !== channels)) {
    throw malformed(ctx.label, 'an input [N, C, …] and C of each statistic', `sizes [${x.shape}]`);
  }
  ctx.claim(2 * entriesOf(x.shape));
  const area = entriesOf(x.shape.slice(2));
  const groups = Int32Array.from(
    { length: batch * channels * area },
    (_, i) => Math.floor(i / area) % channels,
  );
  // Of a negative variance the sum with epsilon may cancel, and float32 decide what is left.
  const bad = variance.findIndex(v => !(v >= 0 && v + epsilon > 0));
  if (bad >= 0) {
    throw malformed(
      ctx.label,
      'a variance from 0 up, and epsilon above 0',
      `${variance[bad]} and ${epsilon} in channel ${bad}`,
    );
  }
  const normalization = operators.normalize({ gamma, mean, variance, epsilon }, groups);
  const normal = ctx.affine(x, normalization, x.shape, 'normalised');
  return ctx.affine(normal, operators.scale({ offset, groups }), x.shape, undefined, {
    kind: 'input',
    node: ctx.node,
    input: 2,
    negated: false,
    dims: [channels],
    dtype: ctx.float(2).dtype as FloatType,
  });
}
