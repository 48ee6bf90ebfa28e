import type { AffineMap, CertifiedDemand, Demand, Region } from '@police/core';

export const regions: readonly Region[];
export const target: readonly Demand[];
type Summary = { readonly error: number; readonly ends: number };
export function trained(options?: { steps?: number; sensors?: number; seed?: number }): Promise<{
  readonly proved: readonly CertifiedDemand[];
  readonly maps: readonly AffineMap[];
  readonly free: Summary;
  readonly held: Summary;
}>;
