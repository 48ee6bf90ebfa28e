import type { Attributes, Draft } from '../draft.js';
import type { Maker } from './elementwise.js';

/** Attributes of a window over `rank` axes, each there or not; `pads` or `auto_pad`, or neither. */
function windowed(
  draft: Draft,
  kernel: readonly number[],
  most: { stride: number; dilation: number },
): Attributes {
  const { rng } = draft;
  const each = (make: () => number) => kernel.map(make);
  const padding: Attributes = rng.chance(0.4)
    ? { auto_pad: rng.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET']) }
    : rng.chance(0.6)
      ? { pads: [...kernel, ...kernel].map(size => rng.int(0, Math.max(0, size - 1))) }
      : {};
  return {
    ...padding,
    ...(rng.chance(0.6) ? { strides: each(() => rng.int(1, most.stride)) } : {}),
    ...(rng.chance(0.4) ? { dilations: each(() => rng.int(1, most.dilation)) } : {}),
  };
}

const isImage = (shape: readonly number[]) => shape.length === 3 || shape.length === 4;

const pool =
  (type: 'AveragePool' | 'MaxPool'): Maker =>
  (draft, x) => {
    const { rng, opset } = draft;
    if (!isImage(x.shape)) return undefined;
    const kernel = x.shape.slice(2).map(() => rng.int(1, 3));
    const attributes: Record<string, Attributes[string]> = {
      kernel_shape: kernel,
      ...windowed(draft, kernel, { stride: 4, dilation: 3 }),
      ...(rng.chance(0.4) ? { ceil_mode: rng.int(0, 1) } : {}),
    };
    const dilatedSince = type === 'MaxPool' ? 10 : 19;
    if (opset < dilatedSince) delete attributes.dilations;
    if (opset < 10) delete attributes.ceil_mode;
    if (type === 'AveragePool' && rng.chance(0.5)) attributes.count_include_pad = rng.int(0, 1);
    if (type === 'MaxPool' && rng.chance(0.2)) attributes.storage_order = 0;
    return [type, [x.name], attributes];
  };

const conv: Maker = (draft, x) => {
  const { rng } = draft;
  if (!isImage(x.shape)) return undefined;
  const [, channels, ...plane] = x.shape;
  const groups = rng.chance(0.3) && channels % 2 === 0 ? 2 : rng.chance(0.15) ? channels : 1;
  const outChannels = groups * rng.int(1, 2);
  const kernel = plane.map(() => rng.int(1, 3));
  const inputs = [x.name, draft.floats([outChannels, channels / groups, ...kernel])];
  if (rng.chance(0.5)) inputs.push(draft.floats([outChannels]));
  return [
    'Conv',
    inputs,
    {
      ...(groups > 1 || rng.chance(0.2) ? { group: groups } : {}),
      ...(rng.chance(0.5) ? { kernel_shape: kernel } : {}),
      ...windowed(draft, kernel, { stride: 4, dilation: 3 }),
    },
  ];
};

const convTranspose: Maker = (draft, x) => {
  const { rng } = draft;
  if (!isImage(x.shape)) return undefined;
  const [, channels, ...plane] = x.shape;
  const groups = rng.chance(0.3) && channels % 2 === 0 ? 2 : 1;
  const each = rng.int(1, 2);
  const kernel = plane.map(() => rng.int(1, 3));
  const inputs = [x.name, draft.floats([channels, each, ...kernel])];
  if (rng.chance(0.5)) inputs.push(draft.floats([each * groups]));
  const attributes = windowed(draft, kernel, { stride: 3, dilation: 2 });
  const strides = (attributes.strides as readonly number[] | undefined) ?? plane.map(() => 1);
  const sizes = plane.map((size, axis) => size * strides[axis] + rng.int(-1, 1));
  return [
    'ConvTranspose',
    inputs,
    {
      ...attributes,
      ...(groups > 1 ? { group: groups } : {}),
      ...(rng.chance(0.3) ? { output_padding: strides.map(stride => rng.int(0, stride - 1)) } : {}),
      ...(rng.chance(0.2) ? { output_shape: sizes } : {}),
      ...(rng.chance(0.5) ? { kernel_shape: kernel } : {}),
    },
  ];
};

const global =
  (type: string): Maker =>
  (_, x) =>
    x.shape.length < 3 ? undefined : [type, [x.name]];

/** Axes as an attribute before operator set `since`, as an input from then on. */
const reduce =
  (type: string, since: number): Maker =>
  (draft, x) => {
    const { rng, opset } = draft;
    const rank = x.shape.length;
    const all = x.shape.map((_, axis) => (opset >= 11 && rng.chance(0.4) ? axis - rank : axis));
    const axes = rng.shuffled(all).slice(0, rng.int(0, rank));
    const attributes: Attributes = {
      ...(rng.chance(0.6) ? { keepdims: rng.int(0, 1) } : {}),
      ...(opset >= since && rng.chance(0.3) ? { noop_with_empty_axes: rng.int(0, 1) } : {}),
      ...(opset < since && axes.length > 0 ? { axes } : {}),
    };
    const isGiven = opset >= since && rng.chance(0.8);
    return [type, isGiven ? [x.name, draft.ints(...axes)] : [x.name], attributes];
  };

export const WINDOWS: Readonly<Record<string, Maker>> = {
  AveragePool: pool('AveragePool'),
  MaxPool: pool('MaxPool'),
  Conv: conv,
  ConvTranspose: convTranspose,
  GlobalAveragePool: global('GlobalAveragePool'),
  GlobalMaxPool: global('GlobalMaxPool'),
  ReduceMean: reduce('ReduceMean', 18),
  ReduceMax: reduce('ReduceMax', 18),
  ReduceSum: reduce('ReduceSum', 13),
};
