import type { Region, Rng } from '@police/core';

/**
 * A law of regions, checked on a random one. Ranges may be longer than what extremes attain by `gap`, as a share of the region's
 * size.
 */
export type Law = (region: Region, rng: Rng, gap: number) => void;

/** Functionals that a law looks at. */
export const COUNT = 12;

/** Sides of as many. */
export const minimum: Int8Array = new Int8Array(COUNT).fill(-1);
export const maximum: Int8Array = new Int8Array(COUNT).fill(1);
