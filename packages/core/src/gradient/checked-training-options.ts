import { PoliceError } from '../errors.js';
import type { Target } from '../maps/prescribe.js';
import type { Region } from '../regions/region.js';
import { assertPolicy } from '../rule/policy.js';
import type {
  TrainingMethod,
  TrainingOption,
  TrainingOptionChecks,
  TrainingOptions,
  TrainingSettings,
} from './training-options.js';

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
    fade,
    steepness = STEEPNESS,
    target,
    pull = 1,
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
  if (fade !== undefined) assertFade(fade, mode, target !== undefined);
  const isSteep = Number.isFinite(steepness) && steepness >= 0;
  assertOption(
    'steepness',
    steepness,
    isSteep,
    'a finite number of at least 0, outputs per radius of a region',
  );
  assertOption('pull', pull, Number.isFinite(pull) && pull >= 0, 'a finite number of at least 0');
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
    ...(fade === undefined ? {} : { fade }),
    ...(method === 'patch' ? { steepness } : {}),
    ...(target === undefined ? {} : { target: targetsFor(target, regions, method), pull }),
  };
}

/** One for each region. */
function targetsFor(
  target: NonNullable<TrainingOptions['target']>,
  regions: readonly Region[],
  method: TrainingMethod,
): readonly (Target | undefined)[] {
  const isList = Array.isArray(target);
  const targets = (isList ? target : [target]) as readonly (Target | undefined)[];
  const remedy =
    'Prescribe the map after training, with prescribeByCorrection, prescribeByLastLayer or patch; by patches give a list, one for each region.';
  if (method === 'shift' && regions.length !== 1)
    throw invalid('target', 'one region', regions.length, remedy);
  if (targets.length !== regions.length)
    throw invalid(
      'target',
      isList ? `targets of ${regions.length} regions` : 'one region',
      isList ? targets.length : regions.length,
      remedy,
    );
  const bad = targets.findIndex(each => each !== undefined && !isTarget(each));
  if (bad < 0) return targets;
  throw invalid(
    isList ? `target[${bad}]` : 'target',
    'a map { A, b }, or a demand',
    targets[bad],
    'Make one with demands.lipschitz, ….',
  );
}

function isTarget(value: unknown): boolean {
  const { kind, A } = (value ?? {}) as { kind?: unknown; A?: unknown };
  return typeof kind === 'string' || (typeof A === 'object' && A !== null);
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

/** Outputs per radius: steep enough that the regression tasks of `apps/bench` end within 0.004 of the floor. */
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
  'fade',
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

function assertFade(fade: unknown, mode: string, isPrescribed: boolean): void {
  const isWidth = typeof fade === 'number' && fade > 0 && Number.isFinite(fade);
  assertOption('fade', fade, isWidth, 'a finite number > 0, radii of a region within which shifts fade out');
  if (mode !== 'shift') {
    const remedy = 'A bias that a shift was folded into is the same everywhere.';
    throw invalid('fade', "mode 'shift'", `mode '${mode}'`, remedy);
  }
  if (isPrescribed) {
    const remedy =
      "A target is added to the outputs everywhere. Method 'patch' holds one on the region alone.";
    throw invalid('fade', 'no target', 'a target', remedy);
  }
}

function assertOneOf(where: string, actual: unknown, allowed: readonly string[]): void {
  const expected = allowed.map(name => `'${name}'`).join(' or ');
  assertOption(where, actual, allowed.includes(actual as string), expected);
}

function assertOption(where: string, actual: unknown, isAllowed: boolean, expected: string): void {
  if (!isAllowed) throw invalid(where, expected, actual);
}

/** What an adapter's `constrain` throws for a model that is constrained already. */
export function alreadyConstrained(): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: 'constrain',
    expected: 'a plain model',
    actual: 'a constrained one',
    remedy: 'freeze() it first, or train it on as it is.',
  });
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
