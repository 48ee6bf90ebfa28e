import { PoliceError } from '../errors.js';
import type { PrescribedMap } from '../maps/prescribe.js';
import type { Region } from '../regions/region.js';
import { assertPolicy, type Policy } from '../rule/policy.js';

/**
 * How a model trains under the constraint: the options of every adapter's `constrain`, the same names, defaults and checks
 * everywhere. An adapter may know fewer of them; what it knows it says to {@link checkedTrainingOptions}.
 */
export interface TrainingOptions {
  /** Where the model must be affine, in the coordinates of its input. None: the plain model, for comparison. */
  readonly regions: readonly Region[];
  /**
   * `shift`: biases are shifted so that no unit bends on the regions (the paper's). `patch`: the outputs are held between two cones
   * around an affine map of each region, which trains with the model, see `patch`. Everything below up to `steepness` is of `shift`.
   * @defaultValue 'shift'
   */
  readonly method?: TrainingMethod | undefined;
  /**
   * How the sides are chosen, see {@link Policy}.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy | undefined;
  /**
   * `shift`: shifts are computed from the weights in every step and differentiated through (the paper's).
   * `project`: after each step they are folded into the biases themselves.
   * @defaultValue 'shift'
   */
  readonly mode?: 'shift' | 'project' | undefined;
  /**
   * Mode `shift`: whether the gradient follows the shifts through all earlier layers or, cheaper and only
   * approximate, through their own layer.
   * @defaultValue 'exact'
   */
  readonly gradient?: 'exact' | 'local' | undefined;
  /**
   * Whether all positions of a convolution's channel share one shift, which then folds into the channel's bias, or each
   * has its own, smaller one, which stays an addition of the frozen model.
   * @defaultValue 'per-channel'
   */
  readonly sharing?: 'per-channel' | 'per-unit' | undefined;
  /**
   * Distance from its kinks that every pre-activation keeps all over the regions.
   * @defaultValue 0
   */
  readonly margin?: number | undefined;
  /**
   * Shifts are computed every so many training steps and kept, as constants, between them. Between two such steps the model
   * that trains is affine only approximately; inference and `freeze` compute them anew.
   * @defaultValue 1
   */
  readonly refresh?: number | undefined;
  /**
   * Accepts softplus, swish, gelu, sigmoid and tanh inside the model: each is kept on its tails, where it is affine up to
   * this. What that adds up to at the outputs `enforce` reports and `certify` proves.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number | undefined;
  /**
   * Mode `shift`: in training the regions grow from this share of their size to all of it after so many steps, see
   * `regionSchedule`.
   * @defaultValue none: whole regions at every step
   */
  readonly schedule?: { readonly from: number; readonly steps: number } | undefined;
  /**
   * Method `patch`: by how much an output may differ from the region's map per radius of distance from the region.
   * @defaultValue 20
   */
  readonly steepness?: number | undefined;
  /**
   * One region: what the outputs are on it, `A x + b` (paper, Eq. 2) or, without b, of Jacobian A (Eq. 1). By method `shift` the region
   * fills its space, and there is no mode `project`, no `refresh` and no `schedule`.
   * @defaultValue none: the network learns its own map
   */
  readonly target?: PrescribedMap | undefined;
}

/** How a model is made affine on its regions. */
export type TrainingMethod = 'shift' | 'patch';

/** The options with their defaults in place. */
export interface TrainingSettings {
  readonly regions: readonly Region[];
  readonly method: TrainingMethod;
  readonly policy: Policy;
  readonly mode: 'shift' | 'project';
  readonly gradient: 'exact' | 'local';
  readonly sharing: 'per-channel' | 'per-unit';
  readonly margin: number;
  readonly refresh: number;
  readonly epsilon?: number;
  readonly schedule?: { readonly from: number; readonly steps: number };
  /** Of method `patch`. */
  readonly steepness?: number;
  readonly target?: PrescribedMap;
}

export type TrainingOption = keyof TrainingOptions;

export interface TrainingOptionChecks {
  /** The options that the adapter knows, besides `method`. */
  readonly known: readonly TrainingOption[];
  /**
   * Whether it knows the method `patch`, and `steepness` with it.
   * @defaultValue false
   */
  readonly patches?: boolean;
  /**
   * Names of options of the adapter's own, which it checks itself.
   * @defaultValue none
   */
  readonly own?: readonly string[];
  /**
   * What besides a {@link Region} may stand in `regions`.
   * @defaultValue nothing
   */
  readonly acceptsRegion?: (value: unknown) => boolean;
}

/**
 * The options of a `constrain`, checked, with defaults. Throws `invalid-option`, naming the option: one that the adapter does
 * not know, regions that are none (their JSON, say), values out of range, combinations that exclude each other.
 */
export function checkedTrainingOptions(options: unknown, checks: TrainingOptionChecks): TrainingSettings {
  assertRegions(options, checks);
  assertMethod(options, checks);
  assertNamesKnown(options, checks);
  const {
    regions,
    method = 'shift',
    policy = 'sticky',
    mode = 'shift',
    gradient = 'exact',
    sharing = 'per-channel',
    margin = 0,
    refresh = 1,
    epsilon,
    schedule,
    steepness = STEEPNESS,
    target,
  } = options;
  assertPolicy(policy);
  assertOneOf('mode', mode, ['shift', 'project']);
  assertOneOf('gradient', gradient, ['exact', 'local']);
  assertOneOf('sharing', sharing, ['per-channel', 'per-unit']);
  assertOption('margin', margin, Number.isFinite(margin) && margin >= 0, 'a finite number of at least 0');
  assertOption('refresh', refresh, Number.isInteger(refresh) && refresh >= 1, 'a whole number of at least 1');
  if (epsilon !== undefined) {
    const isError = Number.isFinite(epsilon) && epsilon > 0;
    assertOption('epsilon', epsilon, isError, 'a finite number > 0, how far from affine tails may be');
  }
  if (schedule !== undefined) assertSchedule(schedule, mode);
  const isSteep = Number.isFinite(steepness) && steepness >= 0;
  assertOption(
    'steepness',
    steepness,
    isSteep,
    'a finite number of at least 0, outputs per radius of a region',
  );
  if (target !== undefined && method === 'shift') {
    assertOption('target', `mode '${mode}'`, mode === 'shift', "mode 'shift'");
    assertOption('target', `refresh ${refresh}`, refresh === 1, 'shifts at every step');
    assertOption('target', 'a schedule', schedule === undefined, 'whole regions at every step');
  }
  return {
    regions,
    method,
    policy,
    mode,
    gradient,
    sharing,
    margin,
    refresh,
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(method === 'patch' ? { steepness } : {}),
    ...(target === undefined ? {} : { target }),
  };
}

function assertRegions(
  options: unknown,
  { acceptsRegion = () => false }: TrainingOptionChecks,
): asserts options is TrainingOptions {
  const regions = (options as Partial<TrainingOptions> | null | undefined)?.regions;
  if (!Array.isArray(regions)) {
    const remedy = 'Pass { regions: [box(lower, upper)] }.';
    throw invalid('regions', 'an array of regions', regions, remedy);
  }
  regions.forEach((region: unknown, r) => {
    if (isRegion(region) || acceptsRegion(region)) return;
    const isJSON = typeof (region as { kind?: unknown } | null)?.kind === 'string';
    const remedy = isJSON
      ? 'Pass regionFromJSON(json), from @police/core.'
      : 'Make one with box, simplex, ball, … of @police/core.';
    throw invalid(`regions[${r}]`, 'a region', isJSON ? `the JSON of one, ${said(region)}` : region, remedy);
  });
}

function isRegion(value: unknown): value is Region {
  const { frame, body, range } = (value ?? {}) as Partial<Region>;
  return typeof frame === 'object' && typeof body === 'object' && typeof range === 'function';
}

/** Outputs per radius: of the two regression tasks in `apps/bench` the better one of 5 and 20. */
const STEEPNESS = 20;

/** What only the method `shift` has. */
const SHIFT_OPTIONS: readonly TrainingOption[] = [
  'policy',
  'mode',
  'gradient',
  'sharing',
  'margin',
  'refresh',
  'epsilon',
  'schedule',
];

const PATCH_THE_FILE =
  'Train by shifts, or without a constraint, and patch the ONNX file: police enforce model.onnx --method patch.';

function assertMethod(options: TrainingOptions, { patches = false }: TrainingOptionChecks): void {
  const { method = 'shift', steepness } = options;
  assertOneOf('method', method, ['shift', 'patch']);
  if (!patches && (method === 'patch' || steepness !== undefined)) {
    const [where, actual] = method === 'patch' ? ['method', "'patch'"] : ['steepness', said(steepness)];
    throw invalid(
      where,
      "method 'shift': models of this framework are chains of layers, which hold no patch",
      actual,
      PATCH_THE_FILE,
    );
  }
  if (method === 'shift') {
    if (steepness !== undefined) throw invalid('steepness', "method 'patch'", "method 'shift'");
    return;
  }
  const stranger = SHIFT_OPTIONS.find(name => options[name] !== undefined);
  if (stranger)
    throw invalid(
      stranger,
      "method 'shift'",
      "method 'patch'",
      'Leave the option out: a patch has no shifts.',
    );
}

function assertNamesKnown(options: object, { known, patches = false, own = [] }: TrainingOptionChecks): void {
  const names: readonly string[] = ['method', ...known, ...(patches ? ['steepness'] : []), ...own];
  const stranger = Object.keys(options).find(name => !names.includes(name));
  if (stranger === undefined) return;
  throw invalid('options', 'options of constrain', `'${stranger}'`, `There are ${names.join(', ')}.`);
}

function assertSchedule(schedule: unknown, mode: string): void {
  assertOption('schedule', `mode '${mode}'`, mode === 'shift', "mode 'shift'");
  const { from, steps } = (schedule ?? {}) as { from?: unknown; steps?: unknown };
  const isShare = typeof from === 'number' && from >= 0 && from <= 1;
  assertOption('schedule.from', from, isShare, 'a share of the regions’ size in [0, 1]');
  const isCount = Number.isInteger(steps) && (steps as number) >= 0;
  assertOption('schedule.steps', steps, isCount, 'a whole number of at least 0');
}

function assertOneOf(where: string, actual: unknown, allowed: readonly string[]): void {
  const expected = allowed.map(name => `'${name}'`).join(' or ');
  assertOption(where, actual, allowed.includes(actual as string), expected);
}

function assertOption(where: string, actual: unknown, isAllowed: boolean, expected: string): void {
  if (!isAllowed) throw invalid(where, expected, actual);
}

function invalid(where: string, expected: string, actual: unknown, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual: said(actual), remedy });
}

const LONGEST_EXCERPT = 80;

/** A value as it would be written, NaN and infinities too, shortened. Sentences of ours are passed as they are. */
function said(value: unknown): string {
  const text = typeof value === 'object' ? (JSON.stringify(value) ?? String(value)) : String(value);
  return text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text;
}
