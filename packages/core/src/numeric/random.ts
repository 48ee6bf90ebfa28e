import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of uniform numbers in [0, 1), like `Math.random`; pass a seeded one for repeatable results. */
export type Rng = () => number;

/** A repeatable source: the same numbers for the same seed. */
export function seededRng(seed: number): Rng {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/** A standard exponential variate. */
export function exponential(rng: Rng): number {
  return -Math.log1p(-rng());
}

/** A standard normal variate (Box–Muller). */
export function normal(rng: Rng): number {
  return Math.sqrt(2 * exponential(rng)) * Math.cos(2 * Math.PI * rng());
}
