import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { PolicedLayer } from './policed-layer.js';

/** The model that `constrain` makes: its weights, as read or saved, are projected in mode `project`. */
export class PolicedModel extends tfl.Sequential {
  static override readonly className = 'PolicedModel';

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    policedLayerOf(this).project();
    return super.getWeights(trainableOnly);
  }
}

tf.serialization.registerClass(PolicedModel);

/** The constraint inside a model made by `constrain` (or loaded from one). Throws `unsupported-layer` otherwise. */
export function policedLayerOf(model: tfl.LayersModel): PolicedLayer {
  const layers = model.layers.filter(layer => layer.getClassName() !== 'InputLayer');
  if (layers.length === 1 && layers[0] instanceof PolicedLayer) return layers[0];
  throw new PoliceError({
    code: 'unsupported-layer',
    where: model.name,
    expected: 'a model made by constrain()',
    actual: `layers ${layers.map(layer => layer.getClassName()).join(', ')}`,
  });
}
