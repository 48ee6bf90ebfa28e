import type { TrainingOptions } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { MapRegularizer } from '../patch/map-regularizer.js';
import type { PatchedModel } from '../patch/patched-model.js';
import { type Part, partOf } from './part.js';

/** How a model trains under the constraint, see core's `TrainingOptions`. */
export interface ConstrainOptions extends TrainingOptions {
  /**
   * Method `patch`: what every A is regularised by; the model's own weights keep their regularizers.
   * @defaultValue none
   */
  readonly mapRegularizer?: MapRegularizer;
}

/** What constrains a model by a patch. */
export const patches: Part<(model: tfl.LayersModel, options: ConstrainOptions) => PatchedModel> = partOf(
  'usePatches',
  "method 'patch'",
);
