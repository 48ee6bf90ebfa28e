import {
  PoliceError,
  type Policy,
  type PrescribedMap,
  type Region,
  type RegionJSON,
  regionFromJSON,
} from '@police/core';
import { assertPolicy } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type { ConstraintSettings } from './remedy.js';

/** How a model is constrained. */
export interface ConstrainOptions {
  /**
   * Where the model must be affine, in the coordinates of its input, flattened as TensorFlow.js lays it out (rows,
   * columns, channels). None: the plain model, for comparison.
   */
  readonly regions: readonly Region[];
  /**
   * How the sides are chosen, see core's `Policy`.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy;
  /**
   * `shift`: shifts are computed from the weights in every step and differentiated through (the paper's).
   * `project`: before a step's weights are used they are projected, shifts folded into the biases themselves. Every
   * nonlinearity must then follow a layer with a bias of its own.
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
   * Whether all positions of a convolution's channel share one shift, which then folds into the channel's bias, or each
   * has its own, smaller one, which stays a layer of the frozen model.
   * @defaultValue 'per-channel'
   */
  readonly sharing?: 'per-channel' | 'per-unit';
  /**
   * Distance from its kinks that every pre-activation keeps all over the regions.
   * @defaultValue 0
   */
  readonly margin?: number;
  /**
   * Mode `shift`: shifts are computed in every so many training steps and kept, as constants, between them. Cheaper;
   * between two such steps the model that trains is affine only approximately. Inference and `freeze` compute them anew.
   * @defaultValue 1
   */
  readonly refresh?: number;
  /**
   * Accepts softplus, swish, gelu, sigmoid and tanh inside the model: each is kept on its tails, where it is affine up to this.
   * What that adds up to at the outputs core's `enforce` reports and `certify` proves.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number;
  /**
   * Mode `shift`: in training the regions grow, linearly about their centres, from this share of their size to all of it
   * after so many steps (core's `regionSchedule`); a pass on a gradient tape is a step. Inference and `freeze` see the whole regions from
   * the start. While they grow, frames are made anew in each step: `(d + 1) · D` numbers.
   * @defaultValue none: whole regions at every step
   */
  readonly schedule?: { readonly from: number; readonly steps: number };
  /**
   * Mode `shift`, one region that fills its space, no `refresh` and no `schedule`: what the outputs are on it, exactly and at every step,
   * `A x + b` (the paper's Eq. 2) or, without b, of Jacobian A (Eq. 1; the value at the region's centre stays the network's
   * own). An affine function of the input is added to the outputs everywhere, and trained through.
   * @defaultValue none: the network learns its own map
   */
  readonly target?: PrescribedMap;
}

/** Options with all defaults in place. */
export interface CheckedOptions extends ConstraintSettings {
  readonly mode: 'shift' | 'project';
  readonly refresh: number;
  readonly schedule?: { readonly from: number; readonly steps: number };
}

/** Throws `invalid-option` for values that cannot be. */
export function checkedOptions({
  regions,
  policy = 'sticky',
  mode = 'shift',
  gradient = 'exact',
  sharing = 'per-channel',
  margin = 0,
  refresh = 1,
  epsilon,
  schedule,
  target,
}: ConstrainOptions): CheckedOptions {
  assertPolicy(policy);
  assertOneOf('mode', mode, ['shift', 'project']);
  assertOneOf('gradient', gradient, ['exact', 'local']);
  assertOneOf('sharing', sharing, ['per-channel', 'per-unit']);
  assertOption('margin', margin, margin >= 0 && Number.isFinite(margin), 'a finite number of at least 0');
  assertOption('refresh', refresh, Number.isInteger(refresh) && refresh >= 1, 'a whole number of at least 1');
  if (target) {
    assertOption('target', `mode '${mode}'`, mode === 'shift', "mode 'shift'");
    assertOption('target', `refresh ${refresh}`, refresh === 1, 'shifts at every step');
    assertOption('target', 'a schedule', !schedule, 'whole regions at every step');
  }
  if (schedule) assertOption('schedule', `mode '${mode}'`, mode === 'shift', "mode 'shift'");
  return {
    regions,
    policy,
    mode,
    gradient,
    sharing,
    margin,
    refresh,
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(target === undefined ? {} : { target }),
  };
}

/** As a model's config has them. Throws `invalid-option`, naming the layer, for a policy function, which cannot be written. */
export function optionsToConfig(
  { regions, policy, target, ...rest }: CheckedOptions,
  where: string,
): tf.serialization.ConfigDict {
  if (typeof policy === 'function') {
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'a policy that can be saved',
      actual: 'a function',
      remedy: 'Freeze the model and save the frozen one, or use a named policy.',
    });
  }
  return {
    regions: caseProof(JSON.stringify(regions)),
    policy,
    ...(target ? { target: caseProof(JSON.stringify(numbersOf(target))) } : {}),
    ...rest,
  };
}

/** Regions from `optionsToConfig`. */
export const regionsFromConfig = (regions: unknown): Region[] =>
  (JSON.parse(`${regions}`) as RegionJSON[]).map(json => regionFromJSON(json));

const numbersOf = ({ A, b }: PrescribedMap) => ({
  A: { ...A, data: Array.from(A.data) },
  ...(b ? { b: Array.from(b) } : {}),
});

/** A target from `optionsToConfig`. */
export function targetFromConfig(text: unknown): PrescribedMap {
  const { A, b } = JSON.parse(`${text}`) as ReturnType<typeof numbersOf>;
  return { A: { ...A, data: Float64Array.from(A.data) }, ...(b ? { b } : {}) };
}

/** JSON without capitals and underscores: tfjs-layers changes the case of what it saves, of texts too. */
function caseProof(json: string): string {
  return json.replace(/[A-Z_]/g, letter => `\\u00${letter.charCodeAt(0).toString(16)}`);
}

function assertOneOf(where: string, actual: string, allowed: readonly string[]): void {
  assertOption(where, actual, allowed.includes(actual), `one of ${allowed.join(', ')}`);
}

function assertOption(where: string, actual: unknown, isAllowed: boolean, expected: string): void {
  if (isAllowed) return;
  throw new PoliceError({ code: 'invalid-option', where, expected, actual: `${actual}` });
}
