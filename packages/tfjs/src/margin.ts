import type { Activation } from '@police/core';

/** The activation with every kink wider by `margin` on both sides: what keeps off it keeps that far off the true one. */
export function widened(activation: Activation, margin: number): Activation {
  if (margin === 0) return activation;
  const kinks = activation.kinks.map(({ lo, hi }) => ({ lo: lo - margin, hi: hi + margin }));
  return { ...activation, kinks };
}
