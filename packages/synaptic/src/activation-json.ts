import { type Activation, PoliceError } from '@police/core';
import { activationByName } from '@police/core/adapter';

/** An activation as plain data: enough to tell any two apart. */
export interface ActivationJSON {
  readonly name: string;
  readonly alpha?: number;
  /** ε of a smooth one. */
  readonly approximationError?: number;
  readonly kinks: readonly (readonly number[])[];
  readonly pieces: readonly (readonly number[])[];
}

export function activationToJSON({
  name,
  alpha,
  approximationError,
  kinks,
  pieces,
}: Activation): ActivationJSON {
  return {
    name,
    ...(alpha === undefined ? {} : { alpha }),
    ...(approximationError === undefined ? {} : { approximationError }),
    kinks: kinks.map(({ lo, hi }) => [lo, hi]),
    pieces: pieces.map(({ slope, offset }) => [slope as number, offset]),
  };
}

/** The activation of the JSON, one of those given or one that a squash of this package or of the library is. */
export function activationFromJSON(
  json: ActivationJSON,
  activations: Iterable<Activation>,
  where: string,
): Activation {
  const wanted = JSON.stringify(json);
  const given = [...activations].find(meaning => JSON.stringify(activationToJSON(meaning)) === wanted);
  if (given) return given;
  const alpha = json.pieces?.[0]?.[0];
  if (['relu', 'identity', 'abs', 'leakyRelu'].includes(json.name)) {
    return activationByName(json.name, { alpha }, where);
  }
  if (json.approximationError !== undefined && ['sigmoid', 'tanh'].includes(json.name)) {
    return activationByName(json.name, { epsilon: json.approximationError }, where);
  }
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: 'one of the activations given',
    actual: json.name,
    remedy: 'Pass the same activations to resume as to constrain.',
  });
}
