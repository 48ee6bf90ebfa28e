import {
  demandFromJSON,
  PoliceError,
  type Region,
  type RegionJSON,
  regionFromJSON,
  type Target,
  type TrainingOptions,
} from '@police/core';
import { checkedTrainingOptions, type TrainingOption, type TrainingSettings } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';

const OPTIONS: readonly TrainingOption[] = [
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

/** The options from a config that `settingsToConfig` is part of. */
export function optionsFromConfig(config: tf.serialization.ConfigDict): TrainingOptions {
  const { regions, target } = config;
  const known = [...OPTIONS, 'method', 'steepness'].filter(option => config[option] !== undefined);
  return {
    ...Object.fromEntries(known.map(option => [option, config[option]])),
    regions: regionsFromConfig(regions),
    ...(target ? { target: targetsFromConfig(target) } : {}),
  };
}

const regionsFromConfig = (regions: unknown): Region[] =>
  (JSON.parse(`${regions}`) as RegionJSON[]).map(json => regionFromJSON(json));

/** Whether some region of a config is a polytope of too many vertices to list. */
export const needsLinearPrograms = (regions: unknown): boolean =>
  (JSON.parse(`${regions}`) as RegionJSON[]).some(json => isPolytope(json) && !isListed(json));

const isPolytope = (json: RegionJSON): boolean =>
  json.kind === 'hPolytope' || ('region' in json && isPolytope(json.region));

function isListed(json: RegionJSON): boolean {
  try {
    regionFromJSON(json);
    return true;
  } catch (error) {
    if (error instanceof PoliceError && error.code === 'invalid-option') return false;
    throw error;
  }
}

/** A demand is plain data already. */
const numbersOf = (target: Target) =>
  'kind' in target
    ? target
    : {
        A: { ...target.A, data: Array.from(target.A.data) },
        ...(target.b ? { b: Array.from(target.b) } : {}),
      };

type SavedTarget = ReturnType<typeof numbersOf> | null;

/** One for each region, null where it is free; models saved by earlier versions have the one map alone. */
function targetsFromConfig(text: unknown): (Target | undefined)[] {
  const saved = JSON.parse(`${text}`) as SavedTarget | SavedTarget[];
  return [saved].flat().map(each => {
    if (each === null) return undefined;
    if ('kind' in each) return demandFromJSON(each);
    const { A, b } = each;
    return { A: { ...A, data: Float64Array.from(A.data) }, ...(b ? { b } : {}) };
  });
}

/** JSON without capitals and underscores: tfjs-layers changes the case of what it saves, of texts too. */
function caseProof(json: string): string {
  return json.replace(/[A-Z_]/g, letter => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
