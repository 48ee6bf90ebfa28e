import { PoliceError } from '@police/core';
import { alreadyConstrained } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { PolicedLayer } from './layer/policed-layer.js';
import { PolicedModel } from './layer/policed-model.js';
import { checkedOptions } from './layer/settings-config.js';
import { type ConstrainOptions, patches } from './parts/patches.js';
import type { PatchedModel } from './patch/patched-model.js';

export type { ConstrainOptions } from './parts/patches.js';

/**
 * Makes a model of one input and one output trainable under the constraint that it is affine on every region. The result
 * is an ordinary LayersModel: compile, fit, evaluate, predict, save and `loadLayersModel` work as ever, and so do custom
 * loops. It shares its weights with the model given, whose biases in mode `shift` do *not* contain the shifts: use
 * `freeze` for a plain model.
 *
 * By method `patch` the model may be any, smooth layers included: its outputs are held between two cones around an affine map of each
 * region, `y = max(min(f, a + K d), a − K d)`, d the distance from the region in its radii. A and b are weights too: they start as the fit of
 * the model's outputs on the region, and train with it. On the regions y = a, and y = f wherever |f − a| ≤ K d, both to the bit.
 *
 * Method `patch` needs `usePatches()`, option `fade` `useFading()`, and a demand as target `useDemands()`, once before; `@police/tfjs/all` has
 * called them.
 *
 * By shifts it is affine at every training step to float32 rounding; exactly after `freeze`. A final softmax or sigmoid stays
 * outside: what is affine is its input.
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
export function constrain(
  model: tfl.LayersModel,
  options: ConstrainOptions & { readonly method: 'patch' },
): PatchedModel;
export function constrain(
  model: tfl.LayersModel,
  options: ConstrainOptions & { readonly method?: 'shift' | undefined },
): PolicedModel;
export function constrain(model: tfl.LayersModel, options: ConstrainOptions): PolicedModel | PatchedModel;
export function constrain(model: tfl.LayersModel, options: ConstrainOptions): PolicedModel | PatchedModel {
  if (!(model instanceof tfl.LayersModel)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'constrain',
      expected: 'a tf.LayersModel',
      actual: (model as { constructor?: { name?: string } })?.constructor?.name ?? `${model}`,
      remedy: 'Build the layers with tf.sequential or tf.model.',
    });
  }
  const { method } = checkedOptions(options); // the layer would take a name of its own among them
  if (method === 'patch') return patches.get()(model, options);
  if (model instanceof PolicedModel || model.getClassName() === 'PolicePatchedModel')
    throw alreadyConstrained();
  return new PolicedModel({ layers: [new PolicedLayer({ ...options, model })] });
}
