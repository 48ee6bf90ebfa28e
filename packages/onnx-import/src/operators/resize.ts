import { operators } from '@police/core';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { entriesOf, type Value } from '../values.js';
import { axesOf } from './shape.js';

/** ONNX Upsample of operator sets 8 and 9, and Resize of 10: coordinates asymmetric, nearest downwards. */
const OLD = { coordinates: 'asymmetric', rounding: 'floor' } as const;

/** ONNX Upsample, until operator set 9. */
export function upsample(ctx: NodeContext): Value {
  const scales = ctx.opset < 9 ? ctx.attributes.floats('scales') : Array.from(ctx.constant(1).data);
  if (!scales) throw malformed(ctx.label, 'scales', 'none');
  return resized(ctx, { ...OLD, mode: ctx.attributes.string('mode', 'nearest'), scales });
}

/** ONNX Resize, nearest or linear. */
export function resize(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const mode = attributes.string('mode', 'nearest');
  if (ctx.opset < 11) return resized(ctx, { ...OLD, mode, scales: Array.from(ctx.constant(1).data) });
  const rank = ctx.value(0).shape.length;
  const coordinates = attributes.string('coordinate_transformation_mode', 'half_pixel');
  const rounding = attributes.string('nearest_mode', 'round_prefer_floor');
  attributes.ignore('cubic_coeff_a', 'exclude_outside', 'extrapolation_value');
  if (attributes.int('antialias', 0) !== 0) throw unsupported(ctx.label, 'no antialiasing', 'antialias 1');
  const policy = attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw unsupported(ctx.label, "keep_aspect_ratio_policy 'stretch'", `'${policy}'`);
  const axes = axesOf(ctx, attributes.ints('axes') ?? Array.from({ length: rank }, (_, axis) => axis), rank);
  const spread = (given: ArrayLike<number> | undefined, rest: (axis: number) => number) => {
    if (!given || given.length === 0) return undefined;
    if (given.length !== axes.length)
      throw malformed(ctx.label, `${axes.length} scales or sizes`, `${given.length}`);
    const full = Array.from({ length: rank }, (_, axis) => rest(axis));
    axes.forEach((axis, i) => {
      full[axis] = given[i];
    });
    return full;
  };
  const { shape } = ctx.value(0);
  const scales = spread(ctx.optionalConstant(2)?.data, () => 1);
  const sizes = spread(ctx.integers(3), axis => shape[axis]);
  return resized(ctx, { mode, coordinates, rounding, ...(sizes ? { sizes } : { scales: scales ?? [] }) });
}

interface Resizing {
  readonly mode: string;
  readonly coordinates: string;
  readonly rounding: string;
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
}

function resized(ctx: NodeContext, { mode, coordinates, rounding, scales, sizes }: Resizing): Value {
  const x = ctx.float(0);
  const { shape } = x;
  const wanted = sizes ?? shape.map((size, axis) => Math.floor(size * (scales?.[axis] ?? Number.NaN)));
  if (wanted.length !== shape.length || !wanted.every(size => size >= 1)) {
    throw malformed(ctx.label, `a scale or size for each of ${shape.length} axes`, `[${sizes ?? scales}]`);
  }
  ctx.claim(8 * entriesOf(wanted));
  // Core checks the names of modes.
  const named = { coordinates: coordinates as operators.CoordinateMode };
  if (mode === 'nearest') {
    const nearest = { ...named, rounding: rounding as operators.NearestMode };
    const size = sizes ? { outShape: sizes } : { scales: scales! };
    return ctx.move(x, operators.resizeNearest(shape, { ...nearest, ...size }), 0);
  }
  if (mode !== 'linear') throw unsupported(ctx.label, "mode 'nearest' or 'linear'", `'${mode}'`);
  return linear(ctx, x, wanted, scales, named.coordinates);
}

function linear(
  ctx: NodeContext,
  x: Value,
  wanted: readonly number[],
  scales: readonly number[] | undefined,
  coordinates: operators.CoordinateMode,
): Value {
  const [batch, ...sample] = x.shape;
  const [outBatch, channels, ...outSize] = wanted;
  if (
    outBatch !== batch ||
    channels !== sample[0] ||
    batch !== 1 ||
    outSize.length < 1 ||
    outSize.length > 2
  ) {
    throw unsupported(
      ctx.label,
      'linear interpolation of one or two spatial axes',
      `[${x.shape}] to [${wanted}]`,
    );
  }
  const isExact = !scales || scales.every((scale, axis) => scale * x.shape[axis] === wanted[axis]);
  if (!isExact) {
    const remedy = 'Give sizes, or scales that make whole sizes.';
    throw unsupported(ctx.label, 'scales that are ratios of sizes', `[${scales}]`, remedy);
  }
  return ctx.affine(x, operators.resizeLinear({ shape: sample, outSize, coordinates }), wanted);
}
