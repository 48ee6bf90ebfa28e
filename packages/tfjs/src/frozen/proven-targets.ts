import type { CertifiedDemand, FrozenModel, Network, Region, Target } from '@police/core';
import { assertDemand } from '@police/core/adapter';

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
