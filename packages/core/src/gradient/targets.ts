import { DemandHolder } from '../demands/held-map.js';
import { assertMapFits, type Target } from '../maps/prescribe.js';
import type { Network } from '../network/network.js';
import type { CertifiedDemand } from '../proof/certificate.js';
import { assertDemand } from '../proof/enclosed-piece.js';
import type { Region } from '../regions/region.js';
import type { FrozenModel } from './frozen-model.js';

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

/** The demands among the targets, each proved of the network as it was read back. Throws `infeasible-target` for one that is not. */
export function provenTargets(
  net: Network,
  regions: readonly Region[],
  targets: readonly (Target | undefined)[] = [],
): Pick<FrozenModel<unknown>, 'demands'> {
  const demands = targets.map((demand, r): CertifiedDemand | undefined =>
    demand && 'kind' in demand ? { demand, residual: assertDemand(net, regions[r], demand) } : undefined,
  );
  return demands.some(demand => demand !== undefined) ? { demands } : {};
}
