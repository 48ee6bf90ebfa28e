/** The nearest point of a convex set, and how it moves with the point it is nearest to. */
export interface Projected {
  readonly point: Float64Array;
  /**
   * The derivative of the projection times v. It is symmetric (a projection is the gradient of a convex function), so this carries
   * gradients back, too. At points where it has none, one of its generalised Jacobians.
   */
  along(v: Float64Array): Float64Array;
}

/** A closed convex set of ℝⁿ, through its Euclidean projection. */
export interface ConvexSet {
  project(s: Float64Array): Projected;
}

/** `z ↦ L z + offset`. */
export interface LinearOperator {
  /** Of what it gives. */
  readonly size: number;
  apply(z: Float64Array): Float64Array;
  /** Lᵀ y. */
  adjoint(y: Float64Array): Float64Array;
  readonly offset?: Float64Array;
}

/** `z` itself, or an operator's image of it, is to lie in the set. */
export interface Membership {
  readonly set: ConvexSet;
  readonly operator?: LinearOperator;
}

/** `row · z = value`. */
export interface Equality {
  readonly row: Float64Array;
  readonly value: number;
  /** The demand it comes from, for errors. */
  readonly where: string;
}

/** The set of points of which the first entries lie in another set, the rest anywhere. */
export function onFirst(count: number, set: ConvexSet): ConvexSet {
  return {
    project: s => {
      const { point, along } = set.project(s.subarray(0, count));
      return {
        point: joined(point, s),
        along: v => joined(along(v.subarray(0, count)), v),
      };
    },
  };
}

function joined(first: Float64Array, whole: Float64Array): Float64Array {
  const result = whole.slice();
  result.set(first);
  return result;
}
