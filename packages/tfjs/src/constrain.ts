import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type ConstrainOptions, PolicedLayer } from './policed-layer.js';

/** The model that `constrain` makes: its weights, as read or saved, are projected in mode `project`. */
export class PolicedModel extends tfl.Sequential {
  static override readonly className = 'PolicedModel';

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    policedLayerOf(this).project();
    return super.getWeights(trainableOnly);
  }
}

tf.serialization.registerClass(PolicedModel);

/**
 * Makes a built Sequential of Dense layers and piecewise-affine activations trainable under the constraint that
 * it is affine on every region. The result is an ordinary LayersModel: compile, fit, evaluate, predict, save and
 * `loadLayersModel` work as ever, and so do custom loops. It shares its weights with the model given, whose biases in
 * mode `shift` do *not* contain the shifts: use `freeze` for a plain model.
 *
 * Affine at every training step to float32 rounding; exactly after `freeze`.
 *
 * Throws a `PoliceError` (`shape`, `not-finite`, `unsupported-layer`, `unsupported-activation`, `invalid-option`)
 * naming the layer, and then leaves the model as it was.
 *
 * @example
 * const policed = constrain(model, { regions: [box([-1, -1], [1, 1])] });
 * policed.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
 * await policed.fit(x, y);
 * const { model: plain } = freeze(policed);
 */
export function constrain(model: tfl.Sequential, options: ConstrainOptions): tfl.Sequential {
  if (!(model instanceof tfl.Sequential)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'constrain',
      expected: 'a tf.Sequential',
      actual: (model as { constructor?: { name?: string } })?.constructor?.name ?? `${model}`,
      remedy: 'Build the layers with tf.sequential.',
    });
  }
  if (!Array.isArray(options?.regions)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'regions',
      expected: 'an array of regions',
      actual: `${options?.regions}`,
      remedy: 'Pass { regions: [box(lower, upper)] }.',
    });
  }
  return new PolicedModel({ layers: [new PolicedLayer({ ...options, model })] });
}

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
