import type { Matrix } from '../../numeric/matrix.js';

/** A solver of linear programs. `loadLinearPrograms` of `@police/core/highs` gives one. */
export interface LinearPrograms {
  /**
   * max c·x over {x : G x ≤ g} for every row c of `costs` `[n, d]`; G `[m, d]`, g `[m]`. Answers are in floating point, right
   * to about 1e-10 for entries of size about 1: what must hold for certain is derived from the multipliers. The answer to one
   * does not depend on the others. Throws `no-solution` where the solver fails.
   */
  maximise(G: Matrix, g: Float64Array, costs: Matrix): readonly LinearProgramResult[];
}

/** What became of one linear program: an optimum with its multipliers, or why there is none. */
export type LinearProgramResult =
  | {
      readonly status: 'optimal';
      /** `[d]`. */
      readonly x: Float64Array;
      /** Multipliers of the constraints, `[m]`; negative ones are rounding. */
      readonly y: Float64Array;
    }
  | { readonly status: 'infeasible' }
  | {
      readonly status: 'unbounded';
      /** A direction `[d]` without end. */
      readonly ray: Float64Array;
    };
