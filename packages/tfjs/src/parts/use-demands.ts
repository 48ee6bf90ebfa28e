import { DemandHolder } from '@police/core/adapter';
import { HeldMapOp } from '../ops/held-map-op.js';
import { demands } from './demands.js';

/**
 * Brings demands as `target` of method `shift`: called once, before `constrain` or before a model made with one is loaded. Not needed
 * with `@police/tfjs/all`; method `patch` has them by itself.
 */
export function useDemands(): void {
  demands.bring(
    (demand, region, outSize, pull) => new HeldMapOp(new DemandHolder(demand, region, outSize), pull),
  );
}
