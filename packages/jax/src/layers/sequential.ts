import { type Model, modelOf } from '../model.js';
import { INPUT } from '../nodes/node.js';
import { type Layer, Place } from './layer.js';

/**
 * Layers one after the other, for rows of shape `[D]` or `[C, H, W]`. Throws a `PoliceError` that names the layer: `shape`, `invalid-network`,
 * `unsupported-activation`.
 *
 * @example
 * const model = sequential([2], [dense(32), leakyRelu(0.1), dense(1)]);
 * const params = model.init(random.key(0));
 * model.apply(params, x); // [n, 1]
 */
export function sequential(inputShape: readonly number[], layers: readonly Layer[]): Model {
  const place = new Place([], INPUT, inputShape);
  for (const layer of layers) layer.build(place);
  return modelOf(inputShape, place.nodes);
}
