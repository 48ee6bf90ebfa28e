import { type Demand, PoliceError, type Target, type TrainingOptions } from '@police/core';
import { checkedTrainingOptions, type TrainingOption, type TrainingSettings } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import { savedModels } from '../parts/saved-models.js';

/** What a config has of the options, by their names. */
export const OPTIONS: readonly TrainingOption[] = [
  'regions',
  'policy',
  'mode',
  'gradient',
  'sharing',
  'margin',
  'refresh',
  'epsilon',
  'schedule',
  'fade',
  'target',
  'pull',
];

/** The options of `constrain`, with defaults. Throws `invalid-option`, naming the option. */
export function checkedOptions(options: unknown): TrainingSettings {
  const isPatch = (options as { method?: unknown } | null | undefined)?.method === 'patch';
  return checkedTrainingOptions(options, {
    known: OPTIONS,
    patches: true,
    own: isPatch ? ['mapRegularizer'] : [],
  });
}

/** As a model's config has them. Throws `invalid-option`, naming the layer, for a policy function, which cannot be written. */
export function settingsToConfig(settings: TrainingSettings, where: string): tf.serialization.ConfigDict {
  const { regions, policy, target, ...rest } = settings;
  const texts = {
    regions: caseProof(JSON.stringify(regions)),
    ...(target ? { target: caseProof(JSON.stringify(target.map(each => each && numbersOf(each)))) } : {}),
  };
  const { method, steepness, pull } = settings;
  if (method === 'patch')
    return { method, steepness: steepness!, ...(pull === undefined ? {} : { pull }), ...texts };
  if (typeof policy === 'function') {
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'a policy that can be saved',
      actual: 'a function',
      remedy: 'Freeze the model and save the frozen one, or use a named policy.',
    });
  }
  return { policy, ...texts, ...rest };
}

/** The options from a config that `settingsToConfig` is part of. Throws `invalid-option` without `useSavedModels`. */
export const optionsFromConfig = (config: tf.serialization.ConfigDict): TrainingOptions =>
  savedModels.get()(config);

/** A target as it is saved: a demand is plain data already. */
export type SavedTarget =
  | Demand
  | {
      readonly A: { readonly rows: number; readonly cols: number; readonly data: readonly number[] };
      readonly b?: readonly number[];
    };

const numbersOf = (target: Target): SavedTarget =>
  'kind' in target
    ? target
    : {
        A: { ...target.A, data: Array.from(target.A.data) },
        ...(target.b ? { b: Array.from(target.b) } : {}),
      };

/** JSON without capitals and underscores: tfjs-layers changes the case of what it saves, of texts too. */
function caseProof(json: string): string {
  return json.replace(/[A-Z_]/g, letter => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
