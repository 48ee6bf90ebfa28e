import type { Windows } from '@police/core';
import { type Shape, sizeOf } from './operation.js';

/** A max-pool's attributes as in ONNX, explicit padding standing for `ceil_mode`. */
export interface MaxPool {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  /** Begins, then ends. */
  readonly padding: readonly number[];
  readonly dilations: readonly number[];
  readonly outShape: Shape;
}

/** One axis of a pool: window o takes the positions o · stride − before + t · dilation, t < kernel, that there are. */
interface PooledAxis {
  readonly size: number;
  readonly windows: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

/**
 * The max-pool over `[C, H, W]` or `[C, L]` whose windows these are; undefined if there is none that runtimes take
 * (padding smaller than the kernel; some dilated ones are not found). Nothing but the windows themselves is trusted: the
 * one returned has exactly them.
 */
export function maxPoolOf(windows: Windows, shape: Shape): MaxPool | undefined {
  const [channels, ...plane] = shape;
  const perChannel = (windows.offsets.length - 1) / channels;
  if (plane.length < 1 || plane.length > 2 || !Number.isInteger(perChannel)) return undefined;
  for (const outPlane of planesOf(perChannel, plane.length)) {
    const axes = plane.map((size, axis) => fitAxis(positionsOnAxis(windows, plane, outPlane, axis), size));
    if (axes.every(axis => axis !== undefined) && hasWindows(windows, channels, axes)) {
      return {
        kernel: axes.map(({ kernel }) => kernel),
        strides: axes.map(({ stride }) => stride),
        padding: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
        dilations: axes.map(({ dilation }) => dilation),
        outShape: [channels, ...outPlane],
      };
    }
  }
  return undefined;
}

/** The ways to arrange `count` windows on one axis or two. */
function planesOf(count: number, rank: number): number[][] {
  if (rank === 1) return [[count]];
  const heights = Array.from({ length: count }, (_, i) => i + 1).filter(height => count % height === 0);
  return heights.map(height => [height, count / height]);
}

/** For each window along an axis, the others first: the positions on that axis which it meets, rising. */
function positionsOnAxis(
  { offsets, members }: Windows,
  plane: Shape,
  outPlane: readonly number[],
  axis: number,
): number[][] {
  const apart = sizeOf(plane.slice(axis + 1));
  return Array.from({ length: outPlane[axis] }, (_, o) => {
    const window = o * sizeOf(outPlane.slice(axis + 1));
    const entries = members.subarray(offsets[window], offsets[window + 1]);
    const positions = new Set(Array.from(entries, entry => Math.floor(entry / apart) % plane[axis]));
    return [...positions].sort((a, b) => a - b);
  });
}

/** Windows that the border cuts on both sides may have been larger than they look, by so much at most. */
const MOST_CUT = 2;

/** The axis with these windows, the smallest kernel first; undefined if there is none. */
function fitAxis(lists: readonly (readonly number[])[], size: number): PooledAxis | undefined {
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  const [first = 0, second = first + 1] = lists.find(({ length }) => length > 1) ?? [];
  const dilation = second - first;
  for (let kernel = longest; kernel <= longest + MOST_CUT; kernel++) {
    const reach = (kernel - 1) * dilation + 1;
    for (let before = 0; before < kernel; before++) {
      for (let stride = 1; stride <= size; stride++) {
        const meets = (list: readonly number[], o: number) =>
          isSameList(list, positionsOf({ size, kernel, stride, dilation, before }, o));
        if (!meets(lists[0], 0)) break;
        if (!lists.every(meets)) continue;
        const after = Math.max(0, (lists.length - 1) * stride + reach - before - size);
        const windows = Math.floor((before + size + after - reach) / stride) + 1;
        if (windows === lists.length && after < kernel) {
          return { size, windows, kernel, stride, dilation, before, after };
        }
      }
    }
  }
  return undefined;
}

function positionsOf(
  { size, kernel, stride, dilation, before }: Omit<PooledAxis, 'windows' | 'after'>,
  window: number,
): number[] {
  const start = window * stride - before;
  return Array.from({ length: kernel }, (_, t) => start + t * dilation).filter(at => at >= 0 && at < size);
}

function isSameList(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((x, i) => x === b[i]);
}

/** Whether the windows are exactly those of a pool with these axes. */
function hasWindows({ offsets, members }: Windows, channels: number, axes: readonly PooledAxis[]): boolean {
  // Windows and their entries run through the axes alike, the last one fastest; a channel is a window of one entry.
  const lists = [
    Array.from({ length: channels }, (_, c) => [c]),
    ...axes.map(axis => Array.from({ length: axis.windows }, (_, o) => positionsOf(axis, o))),
  ];
  const sizes = [channels, ...axes.map(({ size }) => size)];
  const expected = lists.reduce<number[][]>(
    (before, along, axis) =>
      before.flatMap(entries =>
        along.map(positions => entries.flatMap(entry => positions.map(at => entry * sizes[axis] + at))),
      ),
    [[0]],
  );
  return expected.every((entries, w) =>
    isSameList(members.slice(offsets[w], offsets[w + 1]).sort(), entries),
  );
}
