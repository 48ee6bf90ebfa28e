import type { EnforceReport } from '@police/core';

/** What a user would want to know before shipping the model. */
export function warningsAbout({ maps, mapsCoincide, shifted, units }: EnforceReport): string[] {
  const constant = maps.flatMap(({ A }, r) => (A.data.every(a => a === 0) ? [r] : []));
  const remedy = 'try --policy minimal or a smaller region, or train the model under the constraint';
  return [
    ...constant.map(
      r => `the model became constant on region ${r}: every output ignores the input there; ${remedy}`,
    ),
    ...(maps.length > 1 && mapsCoincide && shifted > 0
      ? [`one affine map holds on all ${maps.length} regions, and so on their convex hull; ${remedy}`]
      : []),
    ...(shifted > units / 2 ? [`${shifted} of ${units} units had to move; ${remedy}`] : []),
  ];
}
