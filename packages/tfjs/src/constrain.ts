import { PoliceError, type TrainingOptions } from '@police/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { PolicedLayer } from './layer/policed-layer.js';
import { PolicedModel } from './layer/policed-model.js';
import { checkedOptions } from './layer/settings-config.js';

/**
 * Makes a model of one input and one output trainable under the constraint that it is affine on every region. The result
 * is an ordinary LayersModel: compile, fit, evaluate, predict, save and `loadLayersModel` work as ever, and so do custom
 * loops. It shares its weights with the model given, whose biases in mode `shift` do *not* contain the shifts: use
 * `freeze` for a plain model.
 *
 * Affine at every training step to float32 rounding; exactly after `freeze`. A final softmax or sigmoid stays outside:
 * what is affine is its input.
 *
 * Throws a `PoliceError` (`shape`, `not-finite`, `unsupported-layer`, `unsupported-activation`, `invalid-network`,
 * `invalid-option`) naming the layer, and then leaves the model as it was.
 *
 * @example
 * const policed = constrain(model, { regions: [box([-1, -1], [1, 1])] });
 * policed.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
 * await policed.fit(x, y);
 * const { model: plain } = freeze(policed);
 */
export function constrain(model: tfl.LayersModel, options: TrainingOptions): PolicedModel {
  if (!(model instanceof tfl.LayersModel)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'constrain',
      expected: 'a tf.LayersModel',
      actual: (model as { constructor?: { name?: string } })?.constructor?.name ?? `${model}`,
      remedy: 'Build the layers with tf.sequential or tf.model.',
    });
  }
  checkedOptions(options); // the layer would take a name of its own among them
  return new PolicedModel({ layers: [new PolicedLayer({ ...options, model })] });
}
