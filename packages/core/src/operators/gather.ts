import type { AffineOperator } from '../affine.js';
import { assertFinite, assertSize } from '../errors.js';
import { type Matrix, matrix } from '../matrix.js';
import { withoutParameters } from './bias.js';
import {
  gatherAlongIndex,
  type IndexMap,
  type PadMode,
  padIndex,
  reshapeIndex,
  type SliceOptions,
  sliceIndex,
  transposeIndex,
} from './index-maps.js';
import { type ResizeNearestOptions, resizeNearestIndex } from './resize-nearest.js';
import { invalidOption, type Shape, sizeOf } from './shapes.js';

/** An operator that only moves entries: `y[j] = x[index[j]]`, or the fill value where the index is −1. */
export interface Gather extends AffineOperator {
  readonly kind: 'gather';
  readonly outShape: Shape;
  readonly index: Int32Array;
  readonly fill: number;
}

export interface GatherOptions {
  readonly inSize: number;
  /** `[outSize]`: for each output its input, or −1 for the fill value. Not copied. */
  readonly index: Int32Array;
  /**
   * A constant, not a bias that may be changed; `rounded` rounds it.
   * @defaultValue 0
   */
  readonly fill?: number;
  /** @defaultValue `[index.length]` */
  readonly outShape?: Shape;
}

/**
 * Flattening, transposing, padding, slicing, nearest upsampling: all the same operator with another index. It is
 * exact: nothing is rounded, `terms` is 1, and `magnitude` equals `linear`. Throws `shape`,
 * `not-finite` or `invalid-option`.
 */
export function gather({ inSize, index, fill = 0, outShape = [index.length] }: GatherOptions): Gather {
  assertFinite([fill], 'gather fill');
  index.forEach((from, j) => {
    if (from < -1 || from >= inSize) {
      throw invalidOption('gather index', `positions from −1 to ${inSize - 1}`, `${from} at index ${j}`);
    }
  });
  assertSize(sizeOf(outShape), index.length, 'gather', 'outShape');
  return gatherOf(inSize, outShape, index, fill);
}

function gatherOf(inSize: number, outShape: Shape, index: Int32Array, fill: number): Gather {
  const outSize = index.length;
  const isIdentity = outSize === inSize && index.every((from, j) => from === j);
  const linear = (x: Matrix) =>
    isIdentity ? matrix(x.rows, inSize, x.data.slice()) : pickEntries(x, index, inSize);
  return {
    kind: 'gather',
    ...withoutParameters('gather', outSize),
    inSize,
    outSize,
    outShape,
    index,
    fill,
    bias: fill === 0 ? new Float64Array(outSize) : Float64Array.from(index, from => (from < 0 ? fill : 0)),
    terms: 1,
    parameters: fill === 0 ? [] : [Float64Array.of(fill)],
    linear,
    adjoint: y => addEntriesBack(y, index, inSize),
    magnitude: linear,
    rounded: ({ round }) => gatherOf(inSize, outShape, index, round(fill)),
  };
}

function pickEntries(x: Matrix, index: Int32Array, inSize: number): Matrix {
  const y = matrix(x.rows, index.length);
  for (let i = 0; i < x.rows; i++) {
    const from = i * inSize;
    const to = i * index.length;
    for (let j = 0; j < index.length; j++) if (index[j] >= 0) y.data[to + j] = x.data[from + index[j]];
  }
  return y;
}

function addEntriesBack(y: Matrix, index: Int32Array, inSize: number): Matrix {
  const x = matrix(y.rows, inSize);
  for (let i = 0; i < y.rows; i++) {
    const from = i * index.length;
    const to = i * inSize;
    for (let j = 0; j < index.length; j++) if (index[j] >= 0) x.data[to + index[j]] += y.data[from + j];
  }
  return x;
}

function gatherBy(shape: Shape, map: IndexMap, fill = 0): Gather {
  return gather({ inSize: sizeOf(shape), index: map.index, fill, outShape: map.shape });
}

/** ONNX Reshape, Flatten, Squeeze, Unsqueeze: see {@link reshapeIndex}. */
export function reshape(shape: Shape, outShape: Shape): Gather {
  return gatherBy(shape, reshapeIndex(shape, outShape));
}

/** ONNX Transpose: see {@link transposeIndex}. */
export function transpose(shape: Shape, permutation: readonly number[]): Gather {
  return gatherBy(shape, transposeIndex(shape, permutation));
}

/** ONNX Pad: see {@link padIndex}. `value` fills where the mode is `constant`. */
export function pad(shape: Shape, pads: readonly number[], value = 0, mode: PadMode = 'constant'): Gather {
  return gatherBy(shape, padIndex(shape, pads, mode), value);
}

/** ONNX Slice: see {@link sliceIndex}. */
export function slice(shape: Shape, options: SliceOptions): Gather {
  return gatherBy(shape, sliceIndex(shape, options));
}

/** ONNX Gather along one axis with a list of indices: see {@link gatherAlongIndex}. */
export function gatherAlong(shape: Shape, axis: number, indices: readonly number[]): Gather {
  return gatherBy(shape, gatherAlongIndex(shape, axis, indices));
}

/** ONNX Resize in mode `nearest`: see {@link resizeNearestIndex}. */
export function resizeNearest(shape: Shape, options: ResizeNearestOptions): Gather {
  return gatherBy(shape, resizeNearestIndex(shape, options));
}
