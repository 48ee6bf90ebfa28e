/** Of ℝⁿ: the sum of absolute values, the Euclidean norm, the largest absolute value. JSON has no infinity. */
export type Norm = 1 | 2 | 'infinity';

/** A linear system x⁺ (or ẋ) = F x + G u that a controller u = f(x) closes: F `[n, n]`, G `[n, out]`. */
export interface Plant {
  readonly F: readonly (readonly number[])[];
  readonly G: readonly (readonly number[])[];
}

/** See `demands.monotone`. */
export interface MonotoneDemand {
  readonly kind: 'monotone';
  /** `[out][in]` of −1, 0, 1. */
  readonly signs: readonly (readonly number[])[];
}

/** See `demands.lipschitz`. */
export interface LipschitzDemand {
  readonly kind: 'lipschitz';
  readonly bound: number;
  readonly input: Norm;
  readonly output: Norm;
}

/** See `demands.rowLipschitz`. */
export interface RowLipschitzDemand {
  readonly kind: 'rowLipschitz';
  readonly bounds: readonly number[];
  readonly input: Norm;
}

/** See `demands.rowSums` and `demands.columnSums`. */
export interface SumsDemand<Kind extends 'rowSums' | 'columnSums' = 'rowSums' | 'columnSums'> {
  readonly kind: Kind;
  readonly sums: readonly number[];
}

/** See `demands.symmetric`. */
export interface SymmetricDemand {
  readonly kind: 'symmetric';
}

/** See `demands.antisymmetric`. */
export interface AntisymmetricDemand {
  readonly kind: 'antisymmetric';
}

/** See `demands.dissipative`. */
export interface DissipativeDemand {
  readonly kind: 'dissipative';
  readonly epsilon: number;
}

/** What both kinds of stability may have. */
interface Stability {
  readonly at?: readonly number[];
  readonly plants?: readonly Plant[];
  readonly P?: readonly (readonly number[])[];
}

/** See `demands.stable`. */
export interface StableDemand extends Stability {
  readonly kind: 'stable';
  readonly radius: number;
}

/** See `demands.hurwitz`. */
export interface HurwitzDemand extends Stability {
  readonly kind: 'hurwitz';
  readonly decay: number;
}

/** See `demands.safe`. */
export interface SafeDemand {
  readonly kind: 'safe';
  readonly C: readonly (readonly number[])[];
  readonly e: readonly number[];
}

/** See `demands.through`. */
export interface ThroughDemand {
  readonly kind: 'through';
  readonly points: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[];
}

/** See `demands.exact`. */
export interface ExactDemand {
  readonly kind: 'exact';
  /** `[out][in]`, null where free. */
  readonly A?: readonly (readonly (number | null)[])[];
  /** `[out]`, null where free. */
  readonly b?: readonly (number | null)[];
}

/** See `demands.all`. */
export interface AllDemand {
  readonly kind: 'all';
  readonly demands: readonly Demand[];
}

/** A demand that is no intersection of others. */
export type SimpleDemand =
  | MonotoneDemand
  | LipschitzDemand
  | RowLipschitzDemand
  | SumsDemand<'rowSums'>
  | SumsDemand<'columnSums'>
  | SymmetricDemand
  | AntisymmetricDemand
  | DissipativeDemand
  | StableDemand
  | HurwitzDemand
  | SafeDemand
  | ThroughDemand
  | ExactDemand;

/**
 * What the affine map A x + b of one region must be like. Plain data: `JSON.stringify` writes it, `demandFromJSON` reads it. Make one with
 * `demands.monotone`, `demands.lipschitz`, ….
 *
 * All but the last two sets below are convex, and so are their intersections. The matrices of a given spectral radius are not: `stable`
 * and `hurwitz` hold the convex set of those for which one quadratic form xᵀP x falls along the system. P is that of the demand; else,
 * without plants, that of the map at hand, shrunk until it is stable, so that gradients take P for a constant and the nearest stable map
 * may be nearer than the one found. What is *proved* is the spectral radius, by a P found from the final map.
 */
export type Demand = SimpleDemand | AllDemand;

/** The parts of an intersection, however nested. */
export function simpleDemands(demand: Demand): SimpleDemand[] {
  return demand.kind === 'all' ? demand.demands.flatMap(simpleDemands) : [demand];
}
