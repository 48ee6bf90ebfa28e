import * as operators from '@police/core/operators';
import type { NodeContext } from '../context.js';
import { malformed } from '../errors.js';
import type { BiasSite } from '../sites.js';
import { type Constant, entriesOf, type Value } from '../values.js';
import { claimWindows, paddingOf, sampleShape, splitPadding, windowing } from './spatial.js';

interface Stored {
  readonly bias?: Float64Array;
  readonly site: BiasSite;
}

/** The bias of a convolution, input 2, which may be absent. */
function biasOf(ctx: NodeContext, outChannels: number, dtype: 'float32' | 'float64' | 'float16'): Stored {
  const found = ctx.optionalConstant(2);
  if (!found) {
    return { site: { kind: 'missing', node: ctx.node, input: 2, dims: [outChannels], dtype } };
  }
  if (found.data.length !== outChannels) {
    throw malformed(ctx.label, `a bias of ${outChannels}`, `sizes [${found.shape}]`);
  }
  const place = { node: ctx.node, input: 2, dims: found.shape, dtype };
  return { bias: found.data, site: { kind: 'input', ...place, negated: false } };
}

function weightOf(ctx: NodeContext, rank: number): Constant {
  const weight = ctx.constant(1);
  if (weight.shape.length === rank && weight.data.length > 0) return weight;
  throw malformed(ctx.label, `weights with ${rank} axes`, `sizes [${weight.shape}]`);
}

/** ONNX Conv, 1-D or 2-D. */
export function conv(ctx: NodeContext): Value {
  const x = ctx.float(0);
  const inShape = sampleShape(ctx, x);
  const plane = inShape.slice(1);
  const weight = weightOf(ctx, x.shape.length);
  const windows = windowing(ctx, plane, weight.shape.slice(2));
  const padding = paddingOf(ctx, plane, windows);
  const groups = ctx.attributes.int('group', 1);
  const { bias, site } = biasOf(ctx, weight.shape[0], x.dtype as 'float32');
  claimWindows(ctx, weight.shape[0], plane, { ...windows, padding }, 3);
  const operator = operators.conv({
    inShape,
    weight: weight.data,
    weightShape: weight.shape,
    ...(bias && { bias }),
    ...windows,
    padding,
    groups,
  });
  const stored = ctx.weightSite(1, x, weight.shape);
  return ctx.affine(x, operator, [1, ...operator.outShape], undefined, site, stored);
}

/** ONNX ConvTranspose, 1-D or 2-D. */
export function convTranspose(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const x = ctx.float(0);
  const inShape = sampleShape(ctx, x);
  const plane = inShape.slice(1);
  const weight = weightOf(ctx, x.shape.length);
  const windows = windowing(ctx, plane, weight.shape.slice(2));
  const groups = attributes.int('group', 1);
  const outputPadding = attributes.ints('output_padding') ?? plane.map(() => 0);
  const outChannels = weight.shape[1] * groups;
  const full = plane.map(
    (size, axis) =>
      windows.strides[axis] * (size - 1) +
      (outputPadding[axis] ?? 0) +
      (windows.kernel[axis] - 1) * windows.dilations[axis] +
      1,
  );
  ctx.claim(3 * outChannels * entriesOf(full));
  full.forEach((size, axis) => {
    ctx.claim(size * windows.kernel[axis]);
  });
  const padding = transposedPadding(ctx, plane, full, windows.strides);
  const { bias, site } = biasOf(ctx, outChannels, x.dtype as 'float32');
  const operator = operators.convTranspose({
    inShape,
    weight: weight.data,
    weightShape: weight.shape,
    ...(bias && { bias }),
    ...windows,
    padding,
    groups,
    outputPadding,
  });
  const stored = ctx.weightSite(1, x, weight.shape);
  return ctx.affine(x, operator, [1, ...operator.outShape], undefined, site, stored);
}

/** `output_shape` and `auto_pad` fix the output's size and so the total padding; SAME makes it size · stride. */
function transposedPadding(
  ctx: NodeContext,
  plane: readonly number[],
  full: readonly number[],
  strides: readonly number[],
): number[] {
  const automatic = ctx.attributes.string('auto_pad', 'NOTSET');
  const wanted = ctx.attributes.ints('output_shape')?.slice(-plane.length);
  if (!wanted && (automatic === 'NOTSET' || automatic === 'VALID')) {
    const pads = ctx.attributes.ints('pads');
    return automatic === 'VALID' || !pads ? [...plane, ...plane].map(() => 0) : pads;
  }
  ctx.attributes.ignore('pads');
  const sizes = wanted ?? plane.map((size, axis) => size * strides[axis]);
  const totals = full.map((size, axis) => size - sizes[axis]);
  if (totals.some(total => !(total >= 0))) {
    throw malformed(ctx.label, `an output of at most [${full}]`, `[${sizes}]`);
  }
  // Unlike elsewhere, any auto_pad but SAME_UPPER puts the odd one first (ONNX ConvTranspose).
  return splitPadding(ctx, totals, automatic === 'SAME_UPPER' ? automatic : 'SAME_LOWER');
}
