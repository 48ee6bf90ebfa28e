import { numpy as np } from '@jax-js/jax';
import type { Windows } from '@police/core';
import { type Constant, constant, leadOf, type Tensor } from '../arrays.js';

/** Windows wholly inside `[C, H, W]`. */
export interface PoolGeometry {
  /** `[channels, height, width]`. */
  readonly shape: readonly [number, number, number];
  /** `[height, width]`. */
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
}

/** Rows `[..., ...inputShape]` as the entries of their windows, `[..., windows, size]`. */
export type IntoWindows = (x: Tensor) => Tensor;

/**
 * The windows of a pooling, row by row. By slices: jax-js has no `vmap` of `reduceWindow`, and `jit` of a gather's gradient fails in 0.1.25.
 */
export function slidingWindows(
  inputShape: readonly number[],
  { shape, kernel, strides }: PoolGeometry,
): IntoWindows {
  const [channels] = shape;
  const [rows, columns] = outPlane({ shape, kernel, strides });
  const offsets = Array.from({ length: kernel[0] }, (_, i) =>
    Array.from({ length: kernel[1] }, (_, j) => [i, j] as const),
  );
  return x => {
    const lead = leadOf(x, inputShape);
    const image = x.reshape([...lead, ...shape]);
    const axis = lead.length + 1;
    const entries = offsets.flat().map(([i, j]) => {
      const tall = everyNth(image.ref, axis, i, strides[0], rows);
      return everyNth(tall, axis + 1, j, strides[1], columns).reshape([
        ...lead,
        channels * rows * columns,
        1,
      ]);
    });
    image.dispose();
    return entries.length === 1 ? entries[0] : np.concatenate(entries, lead.length + 1);
  };
}

/** `count` entries of an axis, `step` apart from `first` on. */
function everyNth(x: Tensor, axis: number, first: number, step: number, count: number): Tensor {
  const { shape } = x;
  const end = first + step * count;
  const missing = Math.max(0, end - shape[axis]);
  const slice = (of: Tensor, from: number, to: number, at: number) =>
    of.slice(...of.shape.map((size, i) => (i === at ? [from, to] : [0, size]) as [number, number]));
  const kept = slice(x, first, Math.min(end, shape[axis]), axis);
  if (step === 1) return kept;
  const widths = shape.map((_, i) => [0, i === axis ? missing : 0] as [number, number]);
  const whole = missing > 0 ? np.pad(kept, widths) : kept;
  const split = [...shape.slice(0, axis), count, step, ...shape.slice(axis + 1)];
  const firsts = slice(whole.reshape(split), 0, 1, axis + 1);
  return firsts.reshape([...shape.slice(0, axis), count, ...shape.slice(axis + 1)]);
}

export const outPlane = ({ shape, kernel, strides }: PoolGeometry): [number, number] => [
  Math.floor((shape[1] - kernel[0]) / strides[0]) + 1,
  Math.floor((shape[2] - kernel[1]) / strides[1]) + 1,
];

/** The entries of each window, `[windows · size]`: in shorter windows the first one again. */
export interface Members {
  readonly members: Int32Array;
  readonly windowSize: number;
}

/** The windows' entries as windows of one size. */
export function membersOf({ offsets, members }: Windows): Members {
  const starts = offsets.subarray(0, -1);
  const windowSize = starts.reduce((most, start, w) => Math.max(most, offsets[w + 1] - start), 0);
  const all = Array.from(starts, (start, w) =>
    Array.from({ length: windowSize }, (_, i) => members[start + i < offsets[w + 1] ? start + i : start]),
  );
  return { members: Int32Array.from(all.flat()), windowSize };
}

/** Any windows of flat rows `[..., D]`, by a product with a matrix that picks. */
export function pickedWindows(inputSize: number, { members, windowSize }: Members): IntoWindows {
  let picking: Constant | undefined;
  const matrix = (): Constant => {
    const values = new Float64Array(inputSize * members.length);
    members.forEach((entry, k) => {
      values[entry * members.length + k] = 1;
    });
    return constant(values, [inputSize, members.length]);
  };
  return x => {
    picking ??= matrix();
    const lead = x.shape.slice(0, -1);
    return np.dot(x, picking(x.dtype)).reshape([...lead, members.length / windowSize, windowSize]);
  };
}
