import type { Region, Target } from '@police/core';
import { assertMapFits, DemandHolder } from '@police/core/adapter';

/**
 * What holds each region's map where its target is a demand. Throws `shape` or `not-finite` for a map that does not fit the outputs,
 * `infeasible-target` for a demand that none meets.
 */
export function holdersOf(
  targets: readonly (Target | undefined)[] | undefined,
  regions: readonly Region[],
  outputs: number,
): (DemandHolder | undefined)[] {
  return regions.map((region, r) => {
    const target = targets?.[r];
    if (target === undefined) return undefined;
    if ('kind' in target) return new DemandHolder(target, region, outputs);
    assertMapFits(target, outputs, region.size, 'target');
    return undefined;
  });
}
