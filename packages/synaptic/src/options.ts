import { PoliceError, type Policy, type Region } from '@police/core';
import { assertPolicy, assertRegionsFit } from '@police/core/adapter';
import { type SquashMeanings, smoothMeanings } from './squash.js';

/** How a network is constrained. */
export interface ConstrainOptions {
  /** Where the network must be affine, in the coordinates of its input. None: the plain network, for comparison. */
  readonly regions: readonly Region[];
  /**
   * How the sides are chosen, see core's `Policy`.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy;
  /**
   * `shift`: shifts are computed from the weights and differentiated through (the paper's). `project`: after each update
   * the shifts are folded into the biases themselves.
   * @defaultValue 'shift'
   */
  readonly mode?: 'shift' | 'project';
  /**
   * Mode `shift`: whether the gradient follows the shifts through all earlier layers or, cheaper and only
   * approximate, through their own layer.
   * @defaultValue 'exact'
   */
  readonly gradient?: 'exact' | 'local';
  /**
   * Updates between one computation of the shifts and the next. With more than 1 the network in training is affine on
   * the regions only right after each computation, as `toNetwork` and `freeze` always are.
   * @defaultValue 1
   */
  readonly refresh?: number;
  /** What squashes of your own are, e.g. `new Map([[mySquash, leakyRelu(0.1)]])`. */
  readonly activations?: SquashMeanings;
  /**
   * Accepts LOGISTIC and TANH: every unit of such a layer is kept on a flat tail all over the regions, where it is constant
   * up to this. What that adds up to at the outputs core's `enforce` reports and `certify` proves.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number;
}

/** The options with their defaults. What `epsilon` says the network's activations know. */
export type Settings = Required<Omit<ConstrainOptions, 'activations' | 'epsilon'>>;

/** Throws `invalid-option` or `shape`. */
export function settingsOf(options: ConstrainOptions, inputSize: number): Settings {
  const { regions, policy = 'sticky', mode = 'shift', gradient = 'exact', refresh = 1 } = options;
  assertRegionsFit(regions, inputSize);
  assertPolicy(policy);
  assertOneOf('mode', mode, ['shift', 'project']);
  assertOneOf('gradient', gradient, ['exact', 'local']);
  if (!(Number.isInteger(refresh) && refresh >= 1))
    throw invalid('refresh', 'a whole number ≥ 1', `${refresh}`);
  return { regions, policy, mode, gradient, refresh };
}

/** Throws `invalid-option` unless there is a list of regions. */
export function assertOptions(options: ConstrainOptions): void {
  if (!Array.isArray(options?.regions)) {
    throw invalid(
      'regions',
      'an array of regions',
      `${options?.regions}`,
      'Pass { regions: [box(lower, upper)] }.',
    );
  }
}

/** What the options say of squashes. Throws `invalid-option`. */
export function meaningsIn({
  activations = new Map(),
  epsilon,
}: Pick<ConstrainOptions, 'activations' | 'epsilon'>): SquashMeanings {
  assertActivations(activations);
  if (epsilon === undefined) return activations;
  if (!(Number.isFinite(epsilon) && epsilon > 0)) {
    throw invalid('epsilon', 'a finite number > 0, how far from affine tails may be', `${epsilon}`);
  }
  return new Map([...smoothMeanings(epsilon), ...activations]);
}

export function assertActivations(activations: unknown): void {
  if (activations === undefined || activations instanceof Map) return;
  throw invalid(
    'activations',
    'a Map from squashes to activations',
    `${activations}`,
    'Pass new Map([[squash, leakyRelu(0.1)]]).',
  );
}

function assertOneOf(where: string, actual: string, allowed: readonly string[]): void {
  if (!allowed.includes(actual)) throw invalid(where, `one of ${allowed.join(', ')}`, `${actual}`);
}

function invalid(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, remedy });
}
