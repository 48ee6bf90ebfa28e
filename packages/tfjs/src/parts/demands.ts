import type { Demand, Region } from '@police/core';
import type { HeldMapOp } from '../ops/held-map-op.js';
import { type Part, partOf } from './part.js';

/** What holds a map `[outSize, D]` at a demand on a region. */
export const demands: Part<(demand: Demand, region: Region, outSize: number, pull: number) => HeldMapOp> =
  partOf('useDemands', 'a demand as target');
