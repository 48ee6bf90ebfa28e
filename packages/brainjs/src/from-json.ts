import { PoliceError, type RegionOptions } from '@police/core';
import { NeuralNetwork } from 'brain.js';
import type { NetData } from './flat-layer.js';
import { PolicedNeuralNetwork } from './policed-network.js';
import { assertNumbers, type PlainJSON, type PolicedJSON, savedSettings } from './state.js';

export type { PolicedJSON };

/**
 * The plain network that `toJSON` of brain.js saved. brain.js itself takes null, which is what JSON writes for NaN and infinity,
 * for 0. Throws `not-finite`.
 */
export function plainFromJSON<InputType extends NetData = NetData, OutputType extends NetData = NetData>(
  json: PlainJSON,
): NeuralNetwork<InputType, OutputType> {
  assertNumbers(json);
  const net = new NeuralNetwork<InputType, OutputType>();
  net.fromJSON(json);
  return net;
}

/**
 * The constrained network that `toJSON` saved, in the middle of its training: it trains on as if never saved. `options.programs` as for
 * core's `regionFromJSON`. Throws
 * `invalid-option` for JSON without a constraint, `not-finite` or `shape`.
 */
export function policedFromJSON<InputType extends NetData = NetData, OutputType extends NetData = NetData>(
  json: PolicedJSON,
  options: RegionOptions = {},
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
  const trainOptions = { activation, leakyReluAlpha: json.trainOpts.leakyReluAlpha };
  const settings = savedSettings(json.police, options);
  return new PolicedNeuralNetwork<InputType, OutputType>(trainOptions, settings).fromJSON(json, options);
}
