import type { Attributes, Draft } from '../draft.js';
import type { Maker } from './elementwise.js';

const MODES = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners', 'half_pixel_symmetric'];
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

/** Scales of all kinds: whole, dyadic, decimal (which float32 rounds), ratios of sizes, close to 1. */
function scale({ rng }: Draft, size: number): number {
  const kinds = [
    () => rng.pick([1, 2, 3, 0.5, 0.25, 1.5]),
    () => Math.fround(rng.int(4, 30) / 10),
    () => Math.fround(rng.int(1, 9) / size),
    () => Math.fround(1 + rng.int(1, 3) / 10),
    () => Math.fround(0.3 + 3 * rng.unit()),
  ];
  return Math.max(rng.pick(kinds)(), Math.fround(1 / size));
}

/** Which axes change: the spatial ones, or any. */
function scalesOf(draft: Draft, shape: readonly number[]): number[] {
  const first = draft.rng.chance(0.8) ? Math.min(2, shape.length - 1) : 0;
  return shape.map((size, axis) => (axis < first ? 1 : scale(draft, size)));
}

const upsample: Maker = (draft, x) => {
  const { rng, opset } = draft;
  if (opset > 9 || x.shape.length === 0) return undefined;
  const mode: Attributes = rng.chance(0.8) ? { mode: rng.pick(['nearest', 'linear']) } : {};
  const scales = scalesOf(draft, x.shape).map(value => Math.max(1, value));
  if (opset < 9) return ['Upsample', [x.name], { ...mode, scales: { floats: scales } }];
  return ['Upsample', [x.name, floats(draft, scales)], mode];
};

/** Scales are float32, whatever the data. */
function floats(draft: Draft, data: readonly number[]): string {
  return draft.add({ dims: [data.length], data });
}

const resize: Maker = (draft, x) => {
  const { rng, opset } = draft;
  const rank = x.shape.length;
  if (opset < 10 || rank === 0) return undefined;
  const mode: Attributes = rng.chance(0.8) ? { mode: rng.pick(['nearest', 'linear']) } : {};
  const all = scalesOf(draft, x.shape);
  if (opset < 11) return ['Resize', [x.name, floats(draft, all)], mode];
  const attributes: Attributes = {
    ...mode,
    ...(rng.chance(0.8)
      ? { coordinate_transformation_mode: rng.pick(MODES.slice(0, opset < 19 ? 4 : 5)) }
      : {}),
    ...(rng.chance(0.7) ? { nearest_mode: rng.pick(NEAREST) } : {}),
  };
  const isSome = opset >= 18 && rng.chance(0.3) && rank > 2;
  const axes = isSome ? x.shape.map((_, axis) => axis).slice(2) : x.shape.map((_, axis) => axis);
  const named = isSome
    ? { ...attributes, axes: axes.map(axis => (rng.chance(0.3) ? axis - rank : axis)) }
    : attributes;
  const scales = axes.map(axis => all[axis]);
  const sizes = axes.map(axis => Math.max(1, Math.floor(x.shape[axis] * all[axis])));
  const none = opset < 13 || rng.chance(0.3) ? draft.add({ dims: [0], data: [] }) : '';
  if (rng.chance(0.5)) return ['Resize', [x.name, none, floats(draft, scales)], named];
  return [
    'Resize',
    [x.name, none, opset < 13 ? draft.add({ dims: [0], data: [] }) : '', draft.ints(...sizes)],
    named,
  ];
};

export const RESIZING: Readonly<Record<string, Maker>> = { Upsample: upsample, Resize: resize };
