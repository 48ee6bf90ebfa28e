import { PoliceError, type Policy, type Region } from '@police/core';
import { assertPolicy } from '@police/core/adapter';
import { assertRegionsGiven, type NamedRegion } from './named-region.js';

/** How a network is constrained. */
export interface ConstrainOptions {
  /**
   * Where the network must be affine. Coordinates are those of the input array; of a network that takes objects,
   * those of its `inputLookup`, or better by name. None: the plain network, for comparison.
   */
  readonly regions: readonly (Region | NamedRegion)[];
  /**
   * How the sides are chosen, see core's `Policy`. With `sticky`, output units that straddle their kink go to the upper
   * side, where they can follow the data.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy;
  /**
   * `shift`: shifts are computed from the weights in every step and differentiated through (the paper's).
   * `project`: after every step they are folded into the biases themselves.
   * @defaultValue 'shift'
   */
  readonly mode?: 'shift' | 'project';
  /**
   * Mode `shift`: whether the gradient follows the shifts through all earlier layers or, cheaper and only
   * approximate, through their own layer. Outputs that their shift holds at 0 while the data pull them up are the one
   * exception, see `freeHeldOutputs`.
   * @defaultValue 'exact'
   */
  readonly gradient?: 'exact' | 'local';
  /**
   * Shifts are computed every so many samples and kept in between, their gradients collected. `run`, `freeze` and what
   * is saved have the shifts of the present weights all the same: only training sees old ones.
   * @defaultValue 1
   */
  readonly refresh?: number;
  /**
   * Accepts sigmoid and tanh: every unit is kept on a flat tail all over the regions, where it is constant up to this. What
   * that adds up to at the outputs core's `enforce` reports and `certify` proves.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number;
}

/** The options with their defaults, checked. */
export type Settings = Required<Omit<ConstrainOptions, 'epsilon'>> & Pick<ConstrainOptions, 'epsilon'>;

/** Throws `invalid-option`. */
export function settingsOf(options: ConstrainOptions): Settings {
  assertRegionsGiven(options?.regions);
  const { regions, policy = 'sticky', mode = 'shift', gradient = 'exact', refresh = 1, epsilon } = options;
  assertPolicy(policy);
  assertOneOf('mode', mode, ['shift', 'project']);
  assertOneOf('gradient', gradient, ['exact', 'local']);
  if (!Number.isInteger(refresh) || refresh < 1) {
    throw invalidOption('refresh', 'a whole number of samples, at least 1', `${refresh}`);
  }
  if (epsilon === undefined) return { regions, policy, mode, gradient, refresh };
  if (!(Number.isFinite(epsilon) && epsilon > 0)) {
    throw invalidOption('epsilon', 'a finite number > 0, how far from affine tails may be', `${epsilon}`);
  }
  return { regions, policy, mode, gradient, refresh, epsilon };
}

function assertOneOf(where: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  throw invalidOption(where, allowed.map(name => `'${name}'`).join(' or '), JSON.stringify(value));
}

function invalidOption(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual });
}
