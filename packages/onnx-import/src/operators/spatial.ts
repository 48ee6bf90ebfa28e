import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import type { Value } from '../values.js';

/** `[C, H, W]` or `[C, L]` of a tensor `[1, C, …]`. Throws `unsupported-layer` for other ranks or batches. */
export function sampleShape(ctx: NodeContext, { shape }: Value): readonly number[] {
  if (shape[0] === 1 && (shape.length === 3 || shape.length === 4)) return shape.slice(1);
  throw unsupported(ctx.label, 'a batch of one sample with one or two spatial axes', `sizes [${shape}]`);
}

/** The attributes that convolutions and pools share, as ONNX names them. */
export interface Windowing {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly number[];
}

function listOf(ctx: NodeContext, name: string, length: number, least: number, fallback: number): number[] {
  const found = ctx.attributes.ints(name) ?? Array.from({ length }, () => fallback);
  if (found.length === length && found.every(value => value >= least)) return found;
  throw malformed(ctx.label, `${length} integers of at least ${least} in attribute '${name}'`, `[${found}]`);
}

/** Kernel, strides, dilations and padding over a plane; `kernel`: what the weights say, where there are weights. */
export function windowing(
  ctx: NodeContext,
  plane: readonly number[],
  kernel?: readonly number[],
): Omit<Windowing, 'padding'> {
  const rank = plane.length;
  if (!kernel && !ctx.attributes.has('kernel_shape')) throw malformed(ctx.label, 'a kernel_shape', 'none');
  const shape = ctx.attributes.has('kernel_shape') ? listOf(ctx, 'kernel_shape', rank, 1, 1) : kernel!;
  if (kernel && shape.some((size, axis) => size !== kernel[axis])) {
    throw malformed(ctx.label, `kernel_shape [${kernel}], as the weights have`, `[${shape}]`);
  }
  const [strides, dilations] = [listOf(ctx, 'strides', rank, 1, 1), listOf(ctx, 'dilations', rank, 1, 1)];
  return { kernel: shape, strides, dilations };
}

/**
 * The padding that `auto_pad` or `pads` of a convolution stand for, `[begins, ends]`. Where SAME would be negative, runtimes
 * do not agree on where the first window begins; of one entry they leave out the last.
 */
export function paddingOf(
  ctx: NodeContext,
  plane: readonly number[],
  { kernel, strides, dilations }: Omit<Windowing, 'padding'>,
): number[] {
  const explicit = listOf(ctx, 'pads', 2 * plane.length, 0, 0);
  const automatic = ctx.attributes.string('auto_pad', 'NOTSET');
  if (automatic === 'NOTSET') return explicit;
  if (automatic === 'VALID') return explicit.map(() => 0);
  const totals = plane.map((size, axis) => {
    const reach = dilations[axis] * (kernel[axis] - 1) + 1;
    const total = (Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size;
    if (total < -1) {
      const remedy = 'Give pads.';
      const actual = `stride ${strides[axis]} over ${size} entries with a kernel that reaches ${reach}`;
      throw unsupported(
        ctx.label,
        `${automatic} of strides that pass over one entry at most`,
        actual,
        remedy,
      );
    }
    return Math.max(0, total);
  });
  return splitPadding(ctx, totals, automatic);
}

/**
 * The padding that a pool has in ONNX Runtime (poolattributes.h). SAME there counts the kernel without its dilation, and
 * may be negative where strides pass over entries.
 */
export function poolPaddingOf(
  ctx: NodeContext,
  plane: readonly number[],
  windows: Omit<Windowing, 'padding'>,
): number[] {
  const { kernel, strides } = windows;
  const automatic = ctx.attributes.string('auto_pad', 'NOTSET');
  if (automatic !== 'SAME_UPPER' && automatic !== 'SAME_LOWER') return paddingOf(ctx, plane, windows);
  ctx.attributes.ignore('pads');
  const totals = plane.map(
    (size, axis) => (Math.ceil(size / strides[axis]) - 1) * strides[axis] + kernel[axis] - size,
  );
  const heads = totals.map(total => Math.trunc((automatic === 'SAME_LOWER' ? total + 1 : total) / 2));
  return [...heads, ...totals.map((total, axis) => total - heads[axis])];
}

/** Padding in two halves; the odd one goes to the end for SAME_UPPER, to the beginning for SAME_LOWER. */
export function splitPadding(ctx: NodeContext, totals: readonly number[], automatic: string): number[] {
  const less = totals.map(total => Math.floor(total / 2));
  const more = totals.map(total => Math.ceil(total / 2));
  if (automatic === 'SAME_UPPER') return [...less, ...more];
  if (automatic === 'SAME_LOWER') return [...more, ...less];
  throw malformed(ctx.label, 'auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER', `'${automatic}'`);
}

/** Claims the windows of an operator over a plane, and says how many there are; never negative. */
export function claimWindows(
  ctx: NodeContext,
  channels: number,
  plane: readonly number[],
  { kernel, strides, padding }: Windowing,
  perWindow: number,
): void {
  const counts = plane.map((size, axis) => {
    const padded = size + padding[axis] + padding[axis + plane.length];
    return Math.ceil(padded / strides[axis]) + 1;
  });
  const area = counts.reduce((product, count) => product * count, 1);
  ctx.claim(channels * area * perWindow);
  counts.forEach((count, axis) => {
    ctx.claim(count * kernel[axis]);
  });
}
