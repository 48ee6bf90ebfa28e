import { assertSize } from '../../errors.js';
import { alongAxes, type IndexMap } from './index-maps.js';
import {
  axisBySizes,
  type CoordinateMode,
  type Fraction,
  inputCoordinate,
  type ResizedAxis,
} from './resize-coordinates.js';
import { assertIntegers, assertShape, invalidOption, type Shape } from './shapes.js';

/** How a coordinate between two positions is rounded, named as ONNX `nearest_mode`. */
export type NearestMode = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

/** Of `operators.resizeNearest`: how an entry of the result finds the one that it copies. */
export interface ResizeNearestOptions {
  /** Per axis; the output size is ⌊size · scale⌋, as in ONNX. Give these or `outShape`. */
  readonly scales?: readonly number[];
  /** The scales are then `outShape / shape`, exactly. */
  readonly outShape?: Shape;
  /** @defaultValue 'half_pixel', as in ONNX; old Upsample nodes are `asymmetric` and `floor` */
  readonly coordinates?: CoordinateMode;
  /** @defaultValue 'round_prefer_floor', as in ONNX */
  readonly rounding?: NearestMode;
}

/**
 * Each output takes the input nearest to its coordinate, clamped to the border; every axis counts, channels too.
 * ONNX Runtime computes coordinates in float32, here they are fractions: only scales that float32 cannot hold can
 * tell them apart. Throws `shape` or `invalid-option`.
 */
export function resizeNearestIndex(shape: Shape, options: ResizeNearestOptions): IndexMap {
  assertShape(shape, 'resizeNearest shape');
  const { coordinates = 'half_pixel', rounding = 'round_prefer_floor' } = options;
  const lists = resizedAxes(shape, options).map(axis =>
    Int32Array.from({ length: axis.outSize }, (_, o) => {
      const nearest = roundFraction(inputCoordinate(o, axis, coordinates), rounding);
      return Math.min(Math.max(nearest, 0), axis.inSize - 1);
    }),
  );
  return alongAxes(shape, lists);
}

function resizedAxes(shape: Shape, { scales, outShape }: ResizeNearestOptions): ResizedAxis[] {
  if ((scales === undefined) === (outShape === undefined)) {
    throw invalidOption('resizeNearest', 'either scales or outShape', scales ? 'both' : 'neither');
  }
  if (outShape) {
    assertIntegers(outShape, shape.length, 'resizeNearest outShape', 1);
    return shape.map((size, axis) => axisBySizes(size, outShape[axis]));
  }
  assertSize(scales!.length, shape.length, 'resizeNearest', 'scales');
  return shape.map((inSize, axis) => {
    const scale = scales![axis];
    const outSize = Math.floor(inSize * scale);
    if (!Number.isFinite(scale) || outSize < 1) {
      throw invalidOption(
        'resizeNearest scales',
        `a scale of at least ${1 / inSize} on axis ${axis}`,
        `${scale}`,
      );
    }
    return { inSize, outSize, scaleNumerator: scale, scaleDenominator: 1 };
  });
}

function roundFraction({ numerator, denominator }: Fraction, rounding: NearestMode): number {
  switch (rounding) {
    case 'floor':
      return Math.floor(numerator / denominator);
    case 'ceil':
      return Math.ceil(numerator / denominator);
    case 'round_prefer_floor':
      return Math.ceil((2 * numerator - denominator) / (2 * denominator));
    case 'round_prefer_ceil':
      return Math.floor((2 * numerator + denominator) / (2 * denominator));
    default:
      throw invalidOption(
        'resizeNearest rounding',
        "'round_prefer_floor', 'round_prefer_ceil', 'floor' or 'ceil'",
        `'${rounding}'`,
      );
  }
}
