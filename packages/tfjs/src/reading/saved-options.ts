import {
  demandFromJSON,
  PoliceError,
  type Region,
  type RegionJSON,
  regionFromJSON,
  type Target,
  type TrainingOptions,
} from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import { OPTIONS, type SavedTarget } from '../layer/settings-config.js';

/** The options from a config that `settingsToConfig` is part of. */
export function savedOptions(config: tf.serialization.ConfigDict): TrainingOptions {
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

/** One for each region, null where it is free; models saved by earlier versions have the one map alone. */
function targetsFromConfig(text: unknown): (Target | undefined)[] {
  const saved = JSON.parse(`${text}`) as SavedTarget | (SavedTarget | null)[];
  return [saved].flat().map(each => {
    if (each === null) return undefined;
    if ('kind' in each) return demandFromJSON(each);
    const { A, b } = each;
    return { A: { ...A, data: Float64Array.from(A.data) }, ...(b ? { b } : {}) };
  });
}
