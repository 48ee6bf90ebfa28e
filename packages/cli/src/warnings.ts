import type { EnforceReport } from '@police/core';

/** The options that warnings may advise to change. */
export interface WarningOptions {
  readonly policy: 'minimal' | 'majority';
  readonly sharing: 'per-unit' | 'per-channel';
  /** Whether shifts fade out around the regions, so that how many there are tells nothing of what is outside. */
  readonly isFaded?: boolean;
}

/** What a user would want to know before shipping the model, with advice that is not in force already. */
export function warningsAbout(
  { constantOn, mapsCoincide, shifted, units }: Omit<EnforceReport, 'maps'>,
  regions: number,
  { policy, sharing, isFaded = false }: WarningOptions,
): string[] {
  const flags = [
    ...(policy === 'minimal' ? [] : ['--policy minimal']),
    ...(sharing === 'per-unit' ? [] : ['--sharing per-unit']),
  ];
  const remedy = `try ${[...flags, 'a smaller region'].join(', ')}, or train the model under the constraint`;
  return [
    ...constantOn.map(
      r => `the model became constant on region ${r}: every output ignores the input there; ${remedy}`,
    ),
    ...(regions > 1 && mapsCoincide && shifted > 0 && !isFaded
      ? [`one affine map holds on all ${regions} regions, and so on their convex hull; ${remedy}`]
      : []),
    ...(shifted > units / 2 && !isFaded ? [`${shifted} of ${units} units had to move; ${remedy}`] : []),
  ];
}
