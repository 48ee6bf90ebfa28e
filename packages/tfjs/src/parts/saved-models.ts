import type { TrainingOptions } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type Part, partOf } from './part.js';

/** What reads options from a saved model's config. */
export const savedModels: Part<(config: tf.serialization.ConfigDict) => TrainingOptions> = partOf(
  'useSavedModels',
  'loading a constrained model',
);
