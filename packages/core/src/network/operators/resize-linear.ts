import { type AxisMap, type AxisRow, axisProducts, sameAxis } from './axis-products.js';
import { axisBySizes, type CoordinateMode, inputCoordinate } from './resize-coordinates.js';
import { assertIntegers, assertShape, type Shape } from './shapes.js';
import type { Sparse } from './sparse.js';

/** Of `operators.resizeLinear`: linear interpolation along the axes after the first. */
export interface ResizeLinearOptions {
  /** `[C, H, W]` or `[C, L]`. */
  readonly shape: Shape;
  /** `[H, W]` or `[L]` of the result. */
  readonly outSize: readonly number[];
  /** @defaultValue 'half_pixel', as in ONNX */
  readonly coordinates?: CoordinateMode;
}

/**
 * Linear or bilinear interpolation of the spatial axes, clamped at the border (ONNX Resize in mode `linear` without
 * antialiasing). Each axis's scale is its size ratio exactly, and the weights are fractions rounded once. Throws
 * `shape` or `invalid-option`.
 */
export function resizeLinear({ shape, outSize, coordinates = 'half_pixel' }: ResizeLinearOptions): Sparse {
  assertShape(shape, 'resizeLinear shape', [2, 3]);
  assertIntegers(outSize, shape.length - 1, 'resizeLinear outSize', 1);
  const [channels, ...plane] = shape;
  const axes = plane.map((size, axis) => interpolatedAxis(size, outSize[axis], coordinates));
  return axisProducts([sameAxis(channels), ...axes], { kind: 'resizeLinear', shape, outSize, coordinates });
}

function interpolatedAxis(inSize: number, outSize: number, mode: CoordinateMode): AxisMap {
  const axis = axisBySizes(inSize, outSize);
  const rows = Array.from({ length: outSize }, (_, o): AxisRow => {
    const { numerator, denominator } = inputCoordinate(o, axis, mode);
    const clamped = Math.min(Math.max(numerator, 0), (inSize - 1) * denominator);
    const above = clamped % denominator;
    const below = (clamped - above) / denominator;
    return above === 0
      ? { positions: [below], numerators: [1], denominator: 1 }
      : { positions: [below, below + 1], numerators: [denominator - above, above], denominator };
  });
  return { inSize, rows };
}
