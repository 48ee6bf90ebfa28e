/** Points of which all are convex combinations, to a tolerance, and those combinations. */
export interface HullCorners {
  /** Indices of the points kept. */
  readonly kept: readonly number[];
  /** A convex combination of points kept that is near point p, its weights summing to about 1. */
  combination(p: number): Combination;
}

export interface Combination {
  readonly members: readonly number[];
  readonly weights: readonly number[];
}
