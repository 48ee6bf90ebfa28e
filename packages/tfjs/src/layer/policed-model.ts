import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { PolicedLayer } from './policed-layer.js';

/**
 * The model that `constrain` makes: an ordinary Sequential around the constraint. Its weights, as read or saved, are projected in
 * mode `project`.
 */
export class PolicedModel extends tfl.Sequential {
  static override readonly className = 'PolicedModel';

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    policedLayerOf(this).project();
    return super.getWeights(trainableOnly);
  }

  /** The sides kept `[regions × kinks, units]`, and the lifted entries of maxima (−1 for none), by name of the nonlinearity. */
  get sides(): Readonly<Record<string, Int8Array | Int32Array>> {
    return policedLayerOf(this).sides;
  }

  /** The shifts `[units]` that inference adds now, by name of the activation; in mode `project` zeros. */
  get shifts(): Readonly<Record<string, Float64Array>> {
    return policedLayerOf(this).shifts;
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
