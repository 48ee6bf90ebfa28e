import * as operators from '@police/core/operators';
import { sameShape } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { entriesOf, type Value } from '../values.js';
import type { OperatorFamily, Reader } from './reader.js';
import {
  type Axis,
  axisByScale,
  axisBySize,
  coordinateOf,
  nearestTo,
  type Taps,
  tapsOf,
} from './resize-coordinates.js';
import { axesOf } from './shape.js';

interface Resizing {
  readonly mode: string;
  readonly coordinates: string;
  readonly rounding: string;
  readonly axes: readonly Axis[];
}

/** Upsample of operator sets 8 and 9, and Resize of 10. */
const OLD = { coordinates: 'asymmetric', rounding: 'cut_or_ceil' } as const;

/** ONNX Upsample, until operator set 9. */
function upsample(ctx: NodeContext): Value {
  const scales = ctx.opset < 9 ? ctx.attributes.floats('scales') : Array.from(ctx.constant(1).data);
  if (!scales) throw malformed(ctx.label, 'scales', 'none');
  return resized(ctx, {
    ...OLD,
    mode: ctx.attributes.string('mode', 'nearest'),
    axes: byScales(ctx, scales),
  });
}

/** ONNX Resize, nearest or linear. */
function resize(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const mode = attributes.string('mode', 'nearest');
  if (ctx.opset < 11) {
    return resized(ctx, { ...OLD, mode, axes: byScales(ctx, Array.from(ctx.constant(1).data)) });
  }
  const { shape } = ctx.value(0);
  const rank = shape.length;
  const coordinates = attributes.string('coordinate_transformation_mode', 'half_pixel');
  const rounding = attributes.string('nearest_mode', 'round_prefer_floor');
  attributes.ignore('cubic_coeff_a', 'exclude_outside', 'extrapolation_value');
  if (attributes.int('antialias', 0) !== 0) throw unsupported(ctx.label, 'no antialiasing', 'antialias 1');
  const policy = attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw unsupported(ctx.label, "keep_aspect_ratio_policy 'stretch'", `'${policy}'`);
  const named = axesOf(ctx, attributes.ints('axes') ?? Array.from({ length: rank }, (_, axis) => axis), rank);
  const spread = (given: ArrayLike<number> | undefined, rest: (axis: number) => number) => {
    if (!given || given.length === 0) return undefined;
    if (given.length !== named.length)
      throw malformed(ctx.label, `${named.length} scales or sizes`, `${given.length}`);
    const full = Array.from({ length: rank }, (_, axis) => rest(axis));
    named.forEach((axis, i) => {
      full[axis] = given[i];
    });
    return full;
  };
  const scales = spread(ctx.optionalConstant(2)?.data, () => 1);
  const sizes = spread(ctx.integers(3), axis => shape[axis]);
  if (scales && sizes) throw malformed(ctx.label, 'scales or sizes', 'both');
  const axes = sizes ? shape.map((size, axis) => axisBySize(size, sizes[axis])) : byScales(ctx, scales ?? []);
  return resized(ctx, { mode, coordinates, rounding, axes });
}

function byScales(ctx: NodeContext, scales: readonly number[]): Axis[] {
  const { shape } = ctx.value(0);
  if (scales.length !== shape.length) {
    throw malformed(ctx.label, `a scale for each of ${shape.length} axes`, `[${scales}]`);
  }
  return shape.map((size, axis) => axisByScale(size, scales[axis]));
}

function resized(ctx: NodeContext, { mode, coordinates, rounding, axes }: Resizing): Value {
  const x = ctx.float(0);
  const wanted = axes.map(({ outSize }) => outSize);
  if (!wanted.every(size => Number.isSafeInteger(size) && size >= 1)) {
    throw malformed(ctx.label, 'sizes from 1 up', `[${wanted}]`);
  }
  ctx.claim(8 * entriesOf(wanted));
  if (mode !== 'nearest' && mode !== 'linear') {
    throw unsupported(ctx.label, "mode 'nearest' or 'linear'", `'${mode}'`);
  }
  if (mode === 'linear') assertSpatial(ctx, x, wanted);
  // ONNX Runtime copies where the sizes stay, whatever the scales.
  if (sameShape(wanted, x.shape)) return ctx.reshaped(x, wanted, 0);
  return mode === 'nearest'
    ? nearest(ctx, x, axes, coordinates, rounding)
    : linear(ctx, x, axes, coordinates);
}

function nearest(
  ctx: NodeContext,
  x: Value,
  axes: readonly Axis[],
  coordinates: string,
  rounding: string,
): Value {
  const lists = axes.map(axis =>
    Array.from({ length: axis.outSize }, (_, o) => {
      const position = nearestTo(coordinateOf(o, axis, coordinates, ctx.label), axis, rounding, ctx.label);
      return Math.min(Math.max(position, 0), axis.inSize - 1);
    }),
  );
  const outShape = axes.map(({ outSize }) => outSize);
  let index: number[] = [0];
  for (const [axis, list] of lists.entries()) {
    index = index.flatMap(at => list.map(position => at * axes[axis].inSize + position));
  }
  const gather = operators.gather({ inSize: entriesOf(x.shape), index: Int32Array.from(index), outShape });
  return ctx.move(x, asResize(gather, x.shape, axes, coordinates, rounding) ?? gather, 0);
}

/** The same entries as core's own resize, which writers of other formats know, where that is what they are. */
function asResize(
  gather: operators.Gather,
  shape: readonly number[],
  axes: readonly Axis[],
  coordinates: string,
  rounding: string,
): operators.Gather | undefined {
  if (rounding === OLD.rounding) return undefined;
  const isBySizes = axes.every(({ inSize, outSize, scale }) => axisBySize(inSize, outSize).scale === scale);
  const known = operators.resizeNearest(shape, {
    coordinates: coordinates as operators.CoordinateMode,
    rounding: rounding as operators.NearestMode,
    ...(isBySizes ? { outShape: gather.outShape } : { scales: axes.map(({ scale }) => scale) }),
  });
  return sameEntries(known.index, gather.index) ? known : undefined;
}

function sameEntries(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
}

function assertSpatial(ctx: NodeContext, { shape }: Value, wanted: readonly number[]): void {
  const isPlane = shape.length === 3 || shape.length === 4;
  if (isPlane && shape[0] === 1 && wanted[0] === 1 && wanted[1] === shape[1]) return;
  throw unsupported(
    ctx.label,
    'linear interpolation of one or two spatial axes',
    `[${shape}] to [${wanted}]`,
  );
}

/** Roundings in a weight, a product of one per spatial axis in float32, and in how other runtimes order the factors. */
const WEIGHT_ROUNDINGS = 2;

function linear(ctx: NodeContext, x: Value, axes: readonly Axis[], coordinates: string): Value {
  const outShape = axes.map(({ outSize }) => outSize);
  let rows: Taps[] = [[{ at: 0, weight: 1 }]];
  for (const axis of axes) {
    const taps = Array.from({ length: axis.outSize }, (_, o) => tapsOf(o, axis, coordinates, ctx.label));
    rows = rows.flatMap(row =>
      taps.map(own =>
        row.flatMap(({ at, weight }) =>
          own.map(tap => ({ at: at * axis.inSize + tap.at, weight: Math.fround(weight * tap.weight) })),
        ),
      ),
    );
  }
  const rowStart = new Int32Array(rows.length + 1);
  rows.forEach((row, j) => {
    rowStart[j + 1] = rowStart[j] + row.length;
  });
  const all = rows.flat();
  const sparse = operators.sparse({
    inSize: entriesOf(x.shape),
    rows: {
      rowStart,
      columns: Int32Array.from(all, ({ at }) => at),
      values: Float64Array.from(all, ({ weight }) => weight),
    },
    weightRoundings: WEIGHT_ROUNDINGS,
    outShape,
  });
  const known = operators.resizeLinear({
    shape: x.shape.slice(1),
    outSize: outShape.slice(2),
    coordinates: coordinates as operators.CoordinateMode,
  });
  const isKnown = (['rowStart', 'columns', 'values'] as const).every(list =>
    sameEntries(known.rows[list], sparse.rows[list]),
  );
  return ctx.affine(x, isKnown ? known : sparse, outShape);
}

/** Images made larger or smaller. */
export const resizing: OperatorFamily = {
  name: 'resizing',
  readers: new Map<string, Reader>([
    ['Resize', resize],
    ['Upsample', upsample],
  ]),
};
