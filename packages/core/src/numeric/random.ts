/** A source of uniform numbers in [0, 1), like `Math.random`; pass a seeded one for repeatable results. */
export type Rng = () => number;

/** A standard exponential variate. */
export function exponential(rng: Rng): number {
  return -Math.log1p(-rng());
}

/** A standard normal variate (Box–Muller). */
export function normal(rng: Rng): number {
  return Math.sqrt(2 * exponential(rng)) * Math.cos(2 * Math.PI * rng());
}
