import type { Activation, ActivationName } from '@police/core';

/** An activation that core does not know: x between its kinks at −1 and 2, flatter on either side. */
export const bent = (): Activation => ({
  name: 'bent' as ActivationName,
  kinks: [
    { lo: -1, hi: -1 },
    { lo: 2, hi: 2 },
  ],
  pieces: [
    { slope: 0.25, offset: -0.75 },
    { slope: 1, offset: 0 },
    { slope: 0.5, offset: 1 },
  ],
});

export const bentAt = (x: number): number => (x <= -1 ? 0.25 * x - 0.75 : x <= 2 ? x : 0.5 * x + 1);

/** Of the left at a kink. */
export const bentSlope = (x: number): number => (x <= -1 ? 0.25 : x <= 2 ? 1 : 0.5);
