import { PoliceError } from '@police/core';
import type { NetData } from './flat-layer.js';
import { PolicedNeuralNetwork } from './policed-network.js';
import { type PolicedJSON, savedSettings } from './state.js';

export type { PolicedJSON };

/**
 * The constrained network that `toJSON` saved, in the middle of its training: it trains on as if never saved. Throws
 * `invalid-option` for JSON without a constraint.
 */
export function policedFromJSON<InputType extends NetData = NetData, OutputType extends NetData = NetData>(
  json: PolicedJSON,
): PolicedNeuralNetwork<InputType, OutputType> {
  if (!json.police) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'json',
      expected: 'what toJSON() of a constrained network gives',
      actual: 'no police field',
      remedy: 'Load it with new NeuralNetwork().fromJSON(json), then constrain() that.',
    });
  }
  const { activation } = json.trainOpts;
  const options = { activation, leakyReluAlpha: json.trainOpts.leakyReluAlpha };
  return new PolicedNeuralNetwork<InputType, OutputType>(options, savedSettings(json.police)).fromJSON(json);
}
