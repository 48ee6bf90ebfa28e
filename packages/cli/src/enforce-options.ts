import { PoliceError, type Precision } from '@police/core';
import type { ModelOptions } from './model.js';
import type { RefitOptions } from './refit.js';
import type { RegionOptions } from './regions/sources.js';
import type { SharingChoice } from './sharing.js';

export interface EnforceOptions extends ModelOptions, RegionOptions, RefitOptions {
  readonly output: string;
  readonly policy: 'minimal' | 'majority';
  readonly sharing: SharingChoice;
  readonly precision?: Precision['name'];
  readonly target?: string;
  /** A file of what the regions' maps must be like. */
  readonly demand?: string;
  readonly data?: string;
  readonly decision: 'largest' | 'smallest';
  readonly report?: string;
  readonly certificate?: string;
  /** `fit`, `minimax`, `shift` or a file, of a patch; else whether the map is written into the certificate however large. */
  readonly map?: boolean | string;
  readonly method: 'shift' | 'patch';
  /** Of shifts: how far from a region, in its radii, they have faded out. */
  readonly fade?: number;
  /** Of a patch. */
  readonly steepness?: number;
  readonly keep?: string;
  readonly shell?: number;
  /** A box whose points show what was changed, where there are no samples. */
  readonly domain?: string;
  /** Whether what is written is run, where ONNX Runtime is installed. */
  readonly run?: boolean;
  readonly memory?: number;
  /** Whether units whose bends cannot reach the output stay as they are, of shifts. */
  readonly lookahead?: boolean;
  /** Whether a property may hold before and not after. */
  readonly allowViolation?: boolean;
  readonly force?: boolean;
  /** Whether data that was kept beside the model goes into what is written. */
  readonly inline?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Throws `invalid-option` for what a patch is about, and for what goes into biases where shifts fade. */
export function assertOptionsOfShifts(options: EnforceOptions): void {
  const { steepness, keep, shell, map } = options;
  if (options.fade !== undefined) assertOptionsOfFades(options);
  const given = [
    ...(steepness === undefined ? [] : ['--steepness']),
    ...(keep === undefined ? [] : ['--keep']),
    ...(shell === undefined ? [] : ['--shell']),
    ...(typeof map === 'string' ? [`--map ${map}`] : []),
  ];
  assertNone(given, {
    expected: '--method patch, which it is about',
    actual: '--method shift',
    remedy: `Add --method patch, or leave ${given.join(', ')} out.`,
  });
}

/** Throws `invalid-option` for what goes into biases and does not fade. */
function assertOptionsOfFades({ policy, sharing, precision, target, refit, demand }: EnforceOptions): void {
  const given = [
    ...(refit ? ['--refit'] : []),
    ...(demand === undefined ? [] : ['--demand']),
    ...(policy === 'minimal' ? [] : ['--policy']),
    ...(sharing === 'auto' || sharing === 'per-unit' ? [] : ['--sharing']),
    ...(precision === undefined || precision === 'float32' ? [] : ['--precision']),
    ...(target === undefined ? [] : ['--target']),
  ];
  assertNone(given, {
    expected: 'shifts in biases, which it is about',
    actual: '--fade, whose shifts are the least, in float32, and gone around the regions',
    remedy: `Leave ${given.join(', ')} out, or --fade.`,
  });
}

/** Standard output carries one thing. */
export function assertOneStream({
  output,
  report,
  certificate,
  json,
}: Pick<EnforceOptions, 'output' | 'report' | 'certificate' | 'json'>): void {
  const onStdout = [output === '-', report === '-', certificate === '-', json === true].filter(Boolean);
  if (onStdout.length <= 1) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'standard output',
    expected: 'one of the model, the report, the certificate and --json',
    actual: `${onStdout.length} of them`,
    remedy: 'Write the others to files.',
  });
}

/** Throws `invalid-option` for what shifts biases and nothing else. */
export function assertOptionsOfPatches(options: EnforceOptions): void {
  const { policy, sharing, precision, target, fade, refit, distil } = options;
  const given = [
    ...(fade === undefined ? [] : ['--fade']),
    ...(refit ? ['--refit'] : []),
    ...(distil === undefined ? [] : ['--distil']),
    ...(policy === 'minimal' ? [] : ['--policy']),
    ...(sharing === 'auto' ? [] : ['--sharing']),
    ...(precision === undefined || precision === 'float32' ? [] : ['--precision']),
    ...(target === undefined ? [] : ['--target']),
  ];
  assertNone(given, {
    expected: '--method shift, which it is about',
    actual: '--method patch',
    remedy: `Leave ${given.join(', ')} out.`,
  });
}

/** Throws `invalid-option` for the first of some flags that were given and have no meaning here. */
function assertNone(
  [first]: readonly string[],
  said: { readonly expected: string; readonly actual: string; readonly remedy: string },
): void {
  if (first !== undefined) throw new PoliceError({ code: 'invalid-option', where: first, ...said });
}
