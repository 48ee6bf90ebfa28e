import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fieldsOf } from '../graph/values.js';

/** A regularizer as layers take it: one of `tf.regularizers`, or its name. */
export type MapRegularizer = Parameters<typeof tfl.layers.dense>[0]['kernelRegularizer'];

/** A regularizer, as `addWeight` takes it and as a model's config has it. */
export interface ReadRegularizer {
  readonly regularizer: AddedRegularizer;
  readonly config: tf.serialization.ConfigDict;
}

/** The thing itself, and as a model's config has it; tfjs-layers tells neither, but its layers do. */
export function regularizerOf(given: MapRegularizer | null | undefined): ReadRegularizer | undefined {
  if (!given) return undefined;
  const layer = tfl.layers.dense({ units: 1, kernelRegularizer: given });
  const { kernelRegularizer } = fieldsOf<{ kernelRegularizer: AddedRegularizer }>(layer);
  const config = layer.getConfig().kernelRegularizer as tf.serialization.ConfigDict;
  return { regularizer: kernelRegularizer, config };
}

/** As `addWeight` takes it. */
export type AddedRegularizer = Exclude<MapRegularizer, string | undefined>;
