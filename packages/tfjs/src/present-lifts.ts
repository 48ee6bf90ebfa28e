import type { Lifts } from '@police/core/adapter';
import type { MaxNode } from './graph/node.js';

/** Lifts that a model has already, as core has them. */
export function presentLifts({ lifts }: MaxNode): Lifts | undefined {
  if (!lifts) return undefined;
  return {
    winner: Int32Array.from(lifts.winner.read().dataSync(), place => place - 1),
    lift: Float64Array.from(lifts.lift.read().dataSync()),
  };
}
