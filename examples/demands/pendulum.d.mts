import type { AffineMap, CertifiedDemand, Demand, Region } from '@police/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

export const BOX: { readonly theta: number; readonly omega: number };
export const demand: Demand;
export const region: Region;
export function certainEllipse(): { readonly P: number[][]; readonly c: number };
export function trained(options?: { steps?: number; samples?: number; seed?: number }): Promise<{
  readonly free: LayersModel;
  readonly held: LayersModel;
  readonly proved: CertifiedDemand;
  readonly map: AffineMap;
  readonly errors: { readonly free: number; readonly held: number };
}>;
type Timing = { seconds?: number; step?: number };
export function simulate(
  controller: LayersModel,
  starts: readonly number[][],
  options?: Timing,
): number[][][];
export function offset(controller: LayersModel, options?: Timing): number;
export function portrait(
  controllers: readonly { readonly title: string; readonly model: LayersModel }[],
): Promise<string>;
