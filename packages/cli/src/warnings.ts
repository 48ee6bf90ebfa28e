import type { EnforceReport } from '@police/core';

/** What a user would want to know before shipping the model. */
export function warningsAbout(
  { constantOn, mapsCoincide, shifted, units }: EnforceReport,
  regions: number,
): string[] {
  const remedy = 'try --policy minimal or a smaller region, or train the model under the constraint';
  return [
    ...constantOn.map(
      r => `the model became constant on region ${r}: every output ignores the input there; ${remedy}`,
    ),
    ...(regions > 1 && mapsCoincide && shifted > 0
      ? [`one affine map holds on all ${regions} regions, and so on their convex hull; ${remedy}`]
      : []),
    ...(shifted > units / 2 ? [`${shifted} of ${units} units had to move; ${remedy}`] : []),
  ];
}
