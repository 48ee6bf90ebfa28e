import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { type Matrix, room } from '../numeric/matrix.js';
import { upTo } from '../numeric/up-to.js';

/** Windows of entries: window w takes the entries `members[offsets[w]] … members[offsets[w + 1] − 1]`. */
export interface Windows {
  /** `[windows + 1]`, from 0 upwards; no window is empty. */
  readonly offsets: Int32Array;
  readonly members: Int32Array;
}

/**
 * What keeps a maximum affine: window w is `max(maxᵢ xᵢ, x_winner + lift)`. Continuous everywhere, and right for
 * overlapping windows, because the lifted entry is one more candidate and no entry itself is changed.
 */
export interface Lifts {
  /** The lifted entry of each window, an index into the input, `[windows]`; −1 where nothing is lifted. */
  readonly winner: Int32Array;
  /** ≥ 0, `[windows]`. */
  readonly lift: Float64Array;
}

export function windowCount({ offsets }: Windows): number {
  return offsets.length - 1;
}

/** Windows from lists of entries. */
export function windowsOf(lists: readonly (readonly number[])[]): Windows {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, w) => {
    offsets[w + 1] = offsets[w] + list.length;
  });
  return { offsets, members: Int32Array.from(lists.flat()) };
}

/** Maxout: `units` maxima over `pieces` consecutive entries each. */
export function maxoutWindows(units: number, pieces: number): Windows {
  return {
    offsets: Int32Array.from({ length: units + 1 }, (_, w) => w * pieces),
    members: upTo(units * pieces),
  };
}

/** The geometry of a max-pooling, as ONNX has it. */
export interface MaxPoolOptions {
  /** `[channels, height, width]`; height 1 for one dimension. */
  readonly shape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  /** @defaultValue the kernel */
  readonly strides?: readonly [number, number];
  /**
   * Rows above, columns left, rows below, columns right. Padding never wins.
   * @defaultValue none
   */
  readonly padding?: readonly [number, number, number, number];
  /** @defaultValue [1, 1] */
  readonly dilations?: readonly [number, number];
  /**
   * Whether a last, partly outside window counts (ONNX `ceil_mode`).
   * @defaultValue false
   */
  readonly ceil?: boolean;
}

/** Max-pooling's windows over rows laid out `[channels, height, width]`, and the output's shape. */
export function maxPoolWindows(options: MaxPoolOptions): {
  windows: Windows;
  outShape: [number, number, number];
} {
  const {
    shape,
    kernel,
    strides = kernel,
    padding = [0, 0, 0, 0],
    dilations = [1, 1],
    ceil = false,
  } = options;
  const [channels, height, width] = shape;
  const round = ceil ? Math.ceil : Math.floor;
  const outSize = [0, 1].map(axis => {
    const padded = shape[axis + 1] + padding[axis] + padding[axis + 2];
    const extent = dilations[axis] * (kernel[axis] - 1) + 1;
    const size = round((padded - extent) / strides[axis]) + 1;
    // A window that starts in the padding behind the data would be empty.
    return (size - 1) * strides[axis] >= shape[axis + 1] + padding[axis] ? size - 1 : size;
  });
  if (outSize.some(size => size < 1)) {
    throw new PoliceError({
      code: 'shape',
      where: 'maxPool',
      expected: 'an input at least as large as the kernel',
      actual: `input ${shape.join(' × ')}, kernel ${kernel.join(' × ')}`,
    });
  }
  const lists: number[][] = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < outSize[0]; i++) {
      for (let j = 0; j < outSize[1]; j++) {
        const list: number[] = [];
        for (let u = 0; u < kernel[0]; u++) {
          const y = i * strides[0] - padding[0] + u * dilations[0];
          if (y < 0 || y >= height) continue;
          for (let v = 0; v < kernel[1]; v++) {
            const x = j * strides[1] - padding[1] + v * dilations[1];
            if (x >= 0 && x < width) list.push((c * height + y) * width + x);
          }
        }
        lists.push(list);
      }
    }
  }
  return { windows: windowsOf(lists), outShape: [channels, outSize[0], outSize[1]] };
}

/** Throws `invalid-network`, `shape` or `not-finite` unless windows and lifts fit an input of `size`. */
export function assertWindowsFit(
  { offsets, members }: Windows,
  size: number,
  where: string,
  lifts?: Lifts,
): void {
  const fail = (expected: string, actual: string) => {
    throw new PoliceError({ code: 'invalid-network', where, expected, actual });
  };
  if (offsets[0] !== 0 || offsets.at(-1) !== members.length)
    fail('offsets from 0 to the number of members', `${offsets}`);
  for (let w = 0; w + 1 < offsets.length; w++)
    if (offsets[w + 1] <= offsets[w]) fail('no empty window', `window ${w}`);
  for (const member of members) if (member < 0 || member >= size) fail(`entries below ${size}`, `${member}`);
  if (!lifts) return;
  assertSize(lifts.winner.length, offsets.length - 1, where, 'winners');
  assertSize(lifts.lift.length, offsets.length - 1, where, 'lifts');
  assertFinite(lifts.lift, `${where} lifts`);
}

/** The maxima of every row of x `[n, size]`, `[n, windows]`. */
export function applyMax(windows: Windows, x: Matrix, lifts?: Lifts): Matrix {
  const { offsets, members } = windows;
  const y = room(x.rows, windowCount(windows));
  const { data } = x;
  for (let i = 0, start = 0, at = 0; i < x.rows; i++, start += x.cols) {
    for (let w = 0; w < y.cols; w++, at++) {
      let largest = data[start + members[offsets[w]]];
      // Not by comparing: which is larger is as good as random.
      for (let m = offsets[w] + 1; m < offsets[w + 1]; m++)
        largest = Math.max(largest, data[start + members[m]]);
      const winner = lifts ? lifts.winner[w] : -1;
      y.data[at] = winner < 0 ? largest : Math.max(largest, data[start + winner] + lifts!.lift[w]);
    }
  }
  return y;
}

/** The entry that wins a window of the row starting at `start`, and its lift; ties: the first, unlifted ones before. */
export function largestIn(
  { offsets, members }: Windows,
  data: Float64Array,
  start: number,
  window: number,
  lifts?: Lifts,
): { index: number; lift: number } {
  let index = members[offsets[window]];
  for (let m = offsets[window] + 1; m < offsets[window + 1]; m++) {
    if (data[start + members[m]] > data[start + index]) index = members[m];
  }
  const winner = lifts ? lifts.winner[window] : -1;
  if (winner < 0) return { index, lift: 0 };
  const lift = lifts!.lift[window];
  return data[start + winner] + lift > data[start + index] ? { index: winner, lift } : { index, lift: 0 };
}
