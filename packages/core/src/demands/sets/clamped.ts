import type { ConvexSet } from '../convex-set.js';

/** lower ≤ s ≤ upper, entry by entry; infinite where free. */
export function clampedSet(lower: ArrayLike<number>, upper: ArrayLike<number>): ConvexSet {
  return {
    project: s => {
      const point = s.map((x, i) => Math.min(Math.max(x, lower[i]), upper[i]));
      return { point, along: v => v.map((x, i) => (point[i] === s[i] ? x : 0)) };
    },
  };
}
