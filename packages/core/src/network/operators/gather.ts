import { assertFinite, assertSize } from '../../errors.js';
import { type Matrix, matrix } from '../../numeric/matrix.js';
import { withoutParameters } from './bias.js';
import type { AffineContract } from './contract.js';
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
import type { GatherOrigin } from './origin.js';
import { type ResizeNearestOptions, resizeNearestIndex } from './resize-nearest.js';
import { invalidOption, resolveAxes, type Shape, sizeOf } from './shapes.js';

/** An operator that only moves entries: `y[j] = x[index[j]]`, or the fill value where the index is −1. */
export interface Gather extends AffineContract {
  readonly kind: 'gather';
  readonly outShape: Shape;
  readonly index: Int32Array;
  readonly fill: number;
  /** Absent for a bare list of positions. */
  readonly origin?: GatherOrigin;
}

/** Of `operators.gather`: which entries of the input the outputs are. */
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
 * exact: nothing is rounded, `terms` is 1, and `magnitude` equals `linear`. The origin is taken as given. Throws
 * `shape`, `not-finite` or `invalid-option`.
 */
export function gather(options: GatherOptions, origin?: GatherOrigin): Gather {
  const { inSize, index, fill = 0, outShape = [index.length] } = options;
  assertFinite([fill], 'gather fill');
  index.forEach((from, j) => {
    if (from < -1 || from >= inSize) {
      throw invalidOption('gather index', `positions from −1 to ${inSize - 1}`, `${from} at index ${j}`);
    }
  });
  assertSize(sizeOf(outShape), index.length, 'gather', 'outShape');
  return gatherOf({ inSize, outShape, index, fill }, origin);
}

function gatherOf(options: Required<GatherOptions>, origin?: GatherOrigin): Gather {
  const { inSize, index, fill, outShape } = options;
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
    ...(origin ? { origin } : {}),
    bias: fill === 0 ? new Float64Array(outSize) : Float64Array.from(index, from => (from < 0 ? fill : 0)),
    terms: 1,
    parameters: fill === 0 ? [] : [Float64Array.of(fill)],
    linear,
    adjoint: y => addEntriesBack(y, index, inSize),
    magnitude: linear,
    rounded: ({ round }) => gatherOf({ ...options, fill: round(fill) }, origin),
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

function gatherBy(map: IndexMap, origin: GatherOrigin, fill = 0): Gather {
  return gather({ inSize: sizeOf(origin.shape), index: map.index, fill, outShape: map.shape }, origin);
}

/** ONNX Reshape, Flatten, Squeeze, Unsqueeze: see {@link reshapeIndex}. */
export function reshape(shape: Shape, outShape: Shape): Gather {
  return gatherBy(reshapeIndex(shape, outShape), { kind: 'reshape', shape });
}

/** ONNX Transpose: see {@link transposeIndex}. */
export function transpose(shape: Shape, permutation: readonly number[]): Gather {
  return gatherBy(transposeIndex(shape, permutation), { kind: 'transpose', shape, permutation });
}

/** ONNX Pad: see {@link padIndex}. `value` fills where the mode is `constant`. */
export function pad(shape: Shape, pads: readonly number[], value = 0, mode: PadMode = 'constant'): Gather {
  return gatherBy(padIndex(shape, pads, mode), { kind: 'pad', shape, pads, mode }, value);
}

/** ONNX Slice: see {@link sliceIndex}. */
export function slice(shape: Shape, options: SliceOptions): Gather {
  const { starts, ends, axes = starts.map((_, i) => i), steps = starts.map(() => 1) } = options;
  const map = sliceIndex(shape, options);
  const resolved = resolveAxes(axes, shape.length, 'slice axes');
  return gatherBy(map, { kind: 'slice', shape, starts, ends, axes: resolved, steps });
}

/** ONNX Gather along one axis with a list of indices: see {@link gatherAlongIndex}. */
export function gatherAlong(shape: Shape, axis: number, indices: readonly number[]): Gather {
  const map = gatherAlongIndex(shape, axis, indices);
  const [along] = resolveAxes([axis], shape.length, 'gatherAlong axis');
  return gatherBy(map, { kind: 'gatherAlong', shape, axis: along, indices });
}

/** ONNX Resize in mode `nearest`: see {@link resizeNearestIndex}. */
export function resizeNearest(shape: Shape, options: ResizeNearestOptions): Gather {
  const { scales, coordinates = 'half_pixel', rounding = 'round_prefer_floor' } = options;
  return gatherBy(resizeNearestIndex(shape, options), {
    kind: 'resizeNearest',
    shape,
    ...(scales ? { scales } : {}),
    coordinates,
    rounding,
  });
}
