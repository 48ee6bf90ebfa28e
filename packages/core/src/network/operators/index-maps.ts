import { assertSize } from '../../errors.js';
import { upTo } from '../../numeric/up-to.js';
import {
  assertIntegers,
  assertShape,
  invalidOption,
  resolveAxes,
  type Shape,
  sizeOf,
  stridesOf,
} from './shapes.js';

/** Where each entry of a tensor comes from: entry j is entry `index[j]` of the input, or the fill value where −1. */
export interface IndexMap {
  /** Shape of the result. */
  readonly shape: Shape;
  /** `[sizeOf(shape)]`. */
  readonly index: Int32Array;
}

/** The outer product of one list of positions per axis (−1: fill): entry (i, j, …) ← (lists[0][i], lists[1][j], …). */
export function alongAxes(shape: Shape, lists: readonly ArrayLike<number>[]): IndexMap {
  const strides = stridesOf(shape);
  let index = Int32Array.of(0);
  lists.forEach((list, axis) => {
    const next = new Int32Array(index.length * list.length);
    for (let i = 0; i < index.length; i++) {
      for (let j = 0; j < list.length; j++) {
        next[i * list.length + j] = index[i] < 0 || list[j] < 0 ? -1 : index[i] + list[j] * strides[axis];
      }
    }
    index = next;
  });
  return { shape: lists.map(list => list.length), index };
}

/** Axis i of the result is axis `permutation[i]` of the input, as ONNX Transpose. Throws `invalid-option`. */
export function transposeIndex(shape: Shape, permutation: readonly number[]): IndexMap {
  assertShape(shape, 'transpose shape');
  const sorted = [...permutation].sort((a, b) => a - b);
  if (sorted.length !== shape.length || sorted.some((axis, i) => axis !== i)) {
    const expected = `a permutation of 0 … ${shape.length - 1}`;
    throw invalidOption('transpose permutation', expected, `[${permutation.join(', ')}]`);
  }
  const strides = stridesOf(shape);
  let index = Int32Array.of(0);
  for (const axis of permutation) {
    const size = shape[axis];
    index = Int32Array.from(
      { length: index.length * size },
      (_, i) => index[Math.floor(i / size)] + (i % size) * strides[axis],
    );
  }
  return { shape: permutation.map(axis => shape[axis]), index };
}

/** What padding holds: the fill value, the entries mirrored at the border, or the border itself (ONNX Pad). */
export type PadMode = 'constant' | 'reflect' | 'edge';

/**
 * `pads`: how much to add at each axis's begin, then at each one's end, `[2 rank]`, as ONNX Pad; negative: removes.
 * Throws `shape` or `invalid-option` (nothing left, or a reflection beyond the input).
 */
export function padIndex(shape: Shape, pads: readonly number[], mode: PadMode = 'constant'): IndexMap {
  assertShape(shape, 'pad shape');
  assertIntegers(pads, 2 * shape.length, 'pad pads');
  const lists = shape.map((size, axis) => {
    const begin = pads[axis];
    const length = begin + size + pads[axis + shape.length];
    if (length < 1) throw invalidOption('pad pads', `at least one entry left on axis ${axis}`, `${length}`);
    return Int32Array.from({ length }, (_, i) => padSource(i - begin, size, mode));
  });
  return alongAxes(shape, lists);
}

function padSource(at: number, size: number, mode: PadMode): number {
  if (at >= 0 && at < size) return at;
  switch (mode) {
    case 'constant':
      return -1;
    case 'edge':
      return at < 0 ? 0 : size - 1;
    case 'reflect': {
      const mirrored = at < 0 ? -at : 2 * (size - 1) - at;
      if (mirrored >= 0 && mirrored < size) return mirrored;
      throw invalidOption(
        'pad pads',
        `reflections of at most ${size - 1} entries`,
        `${at < 0 ? -at : at - size + 1}`,
      );
    }
    default:
      throw invalidOption('pad mode', "'constant', 'reflect' or 'edge'", `'${mode}'`);
  }
}

/** Of `operators.slice`, as in ONNX: a start, an end and a step along each axis named. */
export interface SliceOptions {
  readonly starts: readonly number[];
  /** Excluded; a number beyond the border means up to the border. */
  readonly ends: readonly number[];
  /** @defaultValue the first `starts.length` axes */
  readonly axes?: readonly number[];
  /**
   * Negative steps walk backwards.
   * @defaultValue 1 each
   */
  readonly steps?: readonly number[];
}

/** As ONNX Slice: negative starts and ends count from the end, and all are clamped. Throws `shape`, `invalid-option`. */
export function sliceIndex(shape: Shape, options: SliceOptions): IndexMap {
  assertShape(shape, 'slice shape');
  const { starts, ends, axes = starts.map((_, i) => i), steps = starts.map(() => 1) } = options;
  const lists: ArrayLike<number>[] = shape.map(upTo);
  const resolved = resolveAxes(axes, shape.length, 'slice axes');
  assertBounds(starts, axes.length, 'slice starts');
  assertBounds(ends, axes.length, 'slice ends');
  assertIntegers(steps, axes.length, 'slice steps');
  resolved.forEach((axis, i) => {
    lists[axis] = slicePositions(shape[axis], starts[i], ends[i], steps[i]);
    if (lists[axis].length > 0) return;
    const actual = `${starts[i]} to ${ends[i]} by ${steps[i]} of ${shape[axis]}`;
    throw invalidOption('slice', `at least one entry on axis ${axis}`, actual);
  });
  return alongAxes(shape, lists);
}

/** Infinite bounds are allowed: exporters write the largest integer for "to the end". */
function assertBounds(bounds: readonly number[], length: number, where: string): void {
  const finite = bounds.map(bound => (Math.abs(bound) === Number.POSITIVE_INFINITY ? 0 : bound));
  assertIntegers(finite, length, where);
}

function slicePositions(size: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw invalidOption('slice steps', 'steps other than 0', '0');
  const clamp = (x: number, least: number, most: number) =>
    Math.min(most, Math.max(least, x < 0 ? x + size : x));
  const list: number[] = [];
  if (step > 0) {
    const last = clamp(end, 0, size);
    for (let i = clamp(start, 0, size); i < last; i += step) list.push(i);
  } else {
    const last = clamp(end, -1, size - 1);
    for (let i = clamp(start, 0, size - 1); i > last; i += step) list.push(i);
  }
  return list;
}

/** Picks `indices` along one axis (negative: from the end), as ONNX Gather with a list. Throws `invalid-option`. */
export function gatherAlongIndex(shape: Shape, axis: number, indices: readonly number[]): IndexMap {
  assertShape(shape, 'gatherAlong shape');
  const [along] = resolveAxes([axis], shape.length, 'gatherAlong axis');
  const size = shape[along];
  const list = indices.map(i => (i < 0 ? i + size : i));
  if (list.length === 0 || list.some(i => !Number.isInteger(i) || i < 0 || i >= size)) {
    const expected = `at least one index from ${-size} to ${size - 1}`;
    throw invalidOption('gatherAlong indices', expected, `[${indices.join(', ')}]`);
  }
  return alongAxes(
    shape,
    shape.map((length, i) => (i === along ? list : upTo(length))),
  );
}

/** The identity on a flattened tensor under another shape. Throws `shape` unless the sizes are equal. */
export function reshapeIndex(shape: Shape, outShape: Shape): IndexMap {
  assertShape(shape, 'reshape shape');
  assertShape(outShape, 'reshape outShape');
  assertSize(sizeOf(outShape), sizeOf(shape), 'reshape', 'outShape');
  return { shape: outShape, index: upTo(sizeOf(shape)) };
}
