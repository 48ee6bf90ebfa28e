import type { Rng } from '@police/core';

export { seededRng, shuffle } from '@police/testing/random';

/** Fills with uniform numbers in [−reach, reach), in order. */
export function uniform<T extends Float32Array | Float64Array>(values: T, reach: number, rng: Rng): T {
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng() - 1) * reach;
  return values;
}

/** A standard normal number (Box and Muller). */
export function normal(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng());
}
