import { PoliceError } from '@police/core';
import { sizeOf } from '../arrays.js';
import { convNode } from '../nodes/conv.js';
import { denseNode } from '../nodes/dense.js';
import { averagePoolNode } from '../nodes/pool.js';
import { reshapeNode } from '../nodes/shape.js';
import { imageShape, type Layer, type LayerOptions, type Pair, type Place, pairOf } from './layer.js';
import { type PoolOptions, pooling } from './pooling.js';

export interface AffineOptions extends LayerOptions {
  /** @defaultValue true */
  readonly bias?: boolean | undefined;
}

/** `y = x w + b` of rows seen flat; parameters w `[in, units]`, b `[units]`. */
export function dense(units: number, { name, bias = true }: AffineOptions = {}): Layer {
  const layer: Layer = {
    kind: 'dense',
    name,
    build: place => place.add(denseNode(place.nameOf(layer), place.from, place.shape, units, bias)),
  };
  return layer;
}

export interface ConvOptions extends AffineOptions {
  readonly kernel: Pair;
  /** @defaultValue 1 */
  readonly strides?: Pair | undefined;
  /**
   * Zeros around: as many on both sides, or `same`, as many as keep height and width at stride 1 (one more below and right of an even kernel).
   * @defaultValue 0
   */
  readonly padding?: Pair | 'same' | undefined;
  /** @defaultValue 1 */
  readonly dilations?: Pair | undefined;
  /** @defaultValue 1 */
  readonly groups?: number | undefined;
}

/** A cross-correlation of `[C, H, W]`; parameters w `[channels, C / groups, kH, kW]`, b `[channels]`. */
export function conv(channels: number, options: ConvOptions): Layer {
  const { name, bias = true, groups = 1 } = options;
  const layer: Layer = {
    kind: 'conv',
    name,
    build: place => {
      const own = place.nameOf(layer);
      const kernel = pairOf(options.kernel);
      const dilations = pairOf(options.dilations ?? 1);
      const geometry = {
        shape: imageShape(place, own),
        kernel,
        strides: pairOf(options.strides ?? 1),
        padding: paddingOf(options.padding ?? 0, kernel, dilations),
        dilations,
        groups,
      };
      place.add(convNode(own, place.from, place.shape, channels, geometry, bias));
    },
  };
  return layer;
}

function paddingOf(
  padding: Pair | 'same',
  kernel: readonly [number, number],
  dilations: readonly [number, number],
): [number, number, number, number] {
  if (padding !== 'same') {
    const [vertical, horizontal] = pairOf(padding);
    return [vertical, horizontal, vertical, horizontal];
  }
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]);
  return [reach[0] >> 1, reach[1] >> 1, (reach[0] + 1) >> 1, (reach[1] + 1) >> 1];
}

/** Means over windows wholly inside `[C, H, W]`. */
export function avgPool(kernel: Pair, options: PoolOptions = {}): Layer {
  return pooling('avgPool', averagePoolNode, kernel, options);
}

/** The same entries in another shape. Throws `shape` where their number differs. */
export function reshape(shape: readonly number[], { name }: LayerOptions = {}): Layer {
  const layer: Layer = {
    kind: 'reshape',
    name,
    build: place => {
      const own = place.nameOf(layer);
      assertAsMany(own, place, shape);
      place.add(reshapeNode(own, place.from, place.shape, shape));
    },
  };
  return layer;
}

function assertAsMany(where: string, place: Place, shape: readonly number[]): void {
  if (sizeOf(shape) === sizeOf(place.shape)) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: `a shape of ${sizeOf(place.shape)} entries`,
    actual: `[${shape.join(', ')}]`,
  });
}

/** Rows as one vector each. `dense` does so by itself. */
export function flatten({ name }: LayerOptions = {}): Layer {
  const layer: Layer = {
    kind: 'flatten',
    name,
    build: place =>
      place.add(reshapeNode(place.nameOf(layer), place.from, place.shape, [sizeOf(place.shape)])),
  };
  return layer;
}
