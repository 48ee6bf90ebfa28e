import { PoliceError, type TrainingOptions } from '@police/core';
import { checkedTrainingOptions, type TrainingOption, type TrainingSettings } from '@police/core/adapter';
import { type SquashMeanings, smoothMeanings } from './squash.js';

type Known = 'regions' | 'policy' | 'mode' | 'gradient' | 'refresh' | 'epsilon';
const KNOWN: readonly TrainingOption[] = ['regions', 'policy', 'mode', 'gradient', 'refresh', 'epsilon'];

/**
 * How a network is constrained. With a `refresh` above 1 the network in training is affine on the regions only right after each
 * computation of the shifts, as `toNetwork` and `freeze` always are. `epsilon` accepts LOGISTIC and TANH.
 */
export interface ConstrainOptions extends Pick<TrainingOptions, Known>, SquashOptions {}

/** What reading or writing a plain network may need besides. */
export interface SquashOptions {
  /** What squashes of your own are, e.g. `new Map([[mySquash, leakyRelu(0.1)]])`. */
  readonly activations?: SquashMeanings | undefined;
}

/** The options with their defaults. */
export type Settings = Pick<TrainingSettings, Known>;

/** Throws `invalid-option`. */
export function settingsOf(options: ConstrainOptions): Settings {
  const settings = checkedTrainingOptions(options, { known: KNOWN, own: ['activations'] });
  assertActivations(options.activations);
  return settings;
}

/** What the options say of squashes. Throws `invalid-option`. */
export function meaningsIn({
  activations = new Map(),
  epsilon,
}: SquashOptions & Pick<TrainingOptions, 'epsilon'>): SquashMeanings {
  assertActivations(activations);
  if (epsilon === undefined) return activations;
  checkedTrainingOptions({ regions: [], epsilon }, { known: KNOWN });
  return new Map([...smoothMeanings(epsilon), ...activations]);
}

export function assertActivations(activations: unknown): void {
  if (activations === undefined || activations instanceof Map) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'activations',
    expected: 'a Map from squashes to activations',
    actual: `${activations}`,
    remedy: 'Pass new Map([[squash, leakyRelu(0.1)]]).',
  });
}
