import type { Node } from '../nodes/node.js';
import type { PoolGeometry } from '../nodes/windows.js';
import { imageShape, type Layer, type LayerOptions, type Pair, pairOf } from './layer.js';

export interface PoolOptions extends LayerOptions {
  /** @defaultValue the window's size */
  readonly strides?: Pair | undefined;
}

type PoolNode = (name: string, input: string, inputShape: readonly number[], geometry: PoolGeometry) => Node;

/** A layer of one node over windows wholly inside `[C, H, W]`. */
export function pooling(
  kind: string,
  nodeOf: PoolNode,
  kernel: Pair,
  { name, strides = kernel }: PoolOptions,
): Layer {
  const layer: Layer = {
    kind,
    name,
    build: place => {
      const own = place.nameOf(layer);
      const shape = imageShape(place, own);
      const geometry = { shape, kernel: pairOf(kernel), strides: pairOf(strides) };
      place.add(nodeOf(own, place.from, place.shape, geometry));
    },
  };
  return layer;
}
