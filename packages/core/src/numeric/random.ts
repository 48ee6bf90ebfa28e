/** A source of uniform numbers in [0, 1), like `Math.random`; pass a seeded one for repeatable results. */
export type Rng = () => number;

/** A repeatable source: the same numbers for the same seed, all 53 bits random. */
export function seededRng(seed: number): Rng {
  const next = xoroshiro128plus(seed);
  return () => (next() & (2 ** 26 - 1)) * 2 ** -26 + (next() & (2 ** 27 - 1)) * 2 ** -53;
}

/** A standard exponential variate. */
export function exponential(rng: Rng): number {
  return -Math.log1p(-rng());
}

/** A standard normal variate (Box–Muller). */
export function normal(rng: Rng): number {
  return Math.sqrt(2 * exponential(rng)) * Math.cos(2 * Math.PI * rng());
}

/**
 * The lower halves of the numbers of xoroshiro128+ (Blackman and Vigna 2018; rotations 24, 16, 37), 32 bits each. Its two words of 64
 * bits are kept as halves, since JavaScript's integers have 32. Written out: no package of it builds with every bundler.
 */
function xoroshiro128plus(seed: number): () => number {
  let [high0, low0, high1, low1] = [-1, ~seed, seed | 0, 0];
  return () => {
    const output = (low0 + low1) | 0;
    const [high, low] = [high0 ^ high1, low0 ^ low1];
    [high0, low0] = [
      rotated(high0, low0, 24) ^ high ^ ((high << 16) | (low >>> 16)),
      rotated(low0, high0, 24) ^ low ^ (low << 16),
    ];
    [high1, low1] = [rotated(low, high, 5), rotated(high, low, 5)]; // by 37: halves change places
    return output;
  };
}

/** A half of a word of 64 bits rotated to the left by fewer than 32: what its own bits and the other half's leave there. */
const rotated = (own: number, other: number, by: number): number => (own << by) | (other >>> (32 - by));
