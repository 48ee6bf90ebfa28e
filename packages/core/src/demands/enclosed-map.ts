import type { Matrix } from '../numeric/matrix.js';

/** An affine map known up to an error: the exact one's A and b differ from these by dA, db with Σₖ |dAⱼₖ| + |dbⱼ| ≤ errorⱼ. */
export interface EnclosedMap {
  /** `[out, in]`. */
  readonly A: Matrix;
  /** `[out]`. */
  readonly b: Float64Array;
  /** `[out]`; all 0 where A and b are exact. */
  readonly error: Float64Array;
}

/** What was proved of every map within an enclosure, or why nothing was. */
export type DemandProof =
  | {
      readonly holds: true;
      /** Bound on how far the demand's equations are missed, in their own units; 0: they hold exactly. Inequalities hold without any. */
      readonly residual: number;
    }
  | { readonly holds: false; readonly where: string; readonly actual: string };
