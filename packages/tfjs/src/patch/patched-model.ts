import type { AffineMap } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { CheckedModel } from '../layer/checked-model.js';
import { PatchLayer } from './patch-layer.js';

/** The model that `constrain` makes by method `patch`: an ordinary Sequential around the patch. */
export class PatchedModel extends CheckedModel {
  static override readonly className = 'PolicePatchedModel';

  /** A and b of each region's map `A x + b` now, in the order of the regions, before a final softmax or sigmoid. */
  get maps(): readonly AffineMap[] {
    return patchLayerOf(this)!.patches.map(patch => patch.stored());
  }
}

tf.serialization.registerClass(PatchedModel);

/** The patch inside a model made by `constrain` (or loaded from one), if it is one. */
export function patchLayerOf(model: tfl.LayersModel): PatchLayer | undefined {
  return model.layers.find(layer => layer instanceof PatchLayer);
}
