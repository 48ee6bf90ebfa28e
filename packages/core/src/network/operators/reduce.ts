import { upTo } from '../../numeric/up-to.js';
import { type AxisMap, axisProducts, ones, sameAxis } from './axis-products.js';
import { assertShape, resolveAxes, type Shape } from './shapes.js';
import type { Sparse } from './sparse.js';

/** `axes`: which to reduce, negative ones counted from the end; the result's shape is without them. */
export interface ReduceOptions {
  readonly shape: Shape;
  readonly axes: readonly number[];
}

/** ONNX ReduceSum. Throws `shape` or `invalid-option`. */
export function sumOver(options: ReduceOptions): Sparse {
  return reduceBy(options, 'sumOver', () => 1);
}

/** ONNX ReduceMean. Throws `shape` or `invalid-option`. */
export function meanOver(options: ReduceOptions): Sparse {
  return reduceBy(options, 'meanOver', size => size);
}

/** The mean over all axes but the first (ONNX GlobalAveragePool): `[C, …] → [C]`. Throws `shape`. */
export function globalAveragePool(shape: Shape): Sparse {
  assertShape(shape, 'globalAveragePool shape');
  return meanOver({ shape, axes: shape.slice(1).map((_, axis) => axis + 1) });
}

function reduceBy(
  { shape, axes }: ReduceOptions,
  kind: 'sumOver' | 'meanOver',
  denominator: (size: number) => number,
): Sparse {
  assertShape(shape, `${kind} shape`);
  const resolved = resolveAxes(axes, shape.length, `${kind} axes`);
  const reduced = new Set(resolved);
  const maps = shape.map(
    (size, axis): AxisMap =>
      reduced.has(axis)
        ? { inSize: size, rows: [ones(Array.from(upTo(size)), denominator(size))] }
        : sameAxis(size),
  );
  return axisProducts(
    maps,
    { kind, shape, axes: resolved },
    shape.filter((_, axis) => !reduced.has(axis)),
  );
}
