import type { AffineMap, CertifiedDemand, Demand, Region } from '@police/core';

export const region: Region;
export const demand: Demand;
type Summary = { readonly error: number; readonly wrong: number };
export function trained(options?: { steps?: number; samples?: number; seed?: number }): Promise<{
  readonly proved: CertifiedDemand;
  readonly map: AffineMap;
  readonly free: Summary;
  readonly held: Summary;
}>;
