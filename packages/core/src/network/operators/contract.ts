import type { Matrix } from '../../numeric/matrix.js';
import type { Precision } from '../../numeric/precision.js';
import type { TapProduct } from '../../numeric/tap-product.js';

/**
 * What the method needs of an affine layer, of whatever kind: `x ↦ linear(x) + bias` on a block of rows.
 *
 * Laws: `linear` is linear; `⟨linear(x), y⟩ = ⟨x, adjoint(y)⟩`; `|linear(x)| ≤ magnitude(|x|)` entrywise; `withBias`
 * and `rounded` change nothing but the bias or the parameters.
 */
export interface AffineContract {
  /** Tells what else the operator has, see `AffineOperator`. */
  readonly kind: string;
  readonly inSize: number;
  readonly outSize: number;
  /** What is added to each output, `[outSize]`; zeros where the operator stores no bias. */
  readonly bias: Float64Array;
  /** Whether the operator has a bias of its own that may be changed; reshaping and pooling have none. */
  readonly storesBias: boolean;
  /**
   * Number of the stored bias that each output uses, `[outSize]`: a convolution's outputs share one per channel.
   * Absent where every output has its own.
   */
  readonly biasGroups?: Int32Array;
  /** Most products summed into one output, for rounding-error bounds. */
  readonly terms: number;
  /** `[n, inSize] → [n, outSize]`, without the bias: rows of its own, which the caller may write to. */
  linear(x: Matrix): Matrix;
  /** `[n, outSize] → [n, inSize]`. */
  adjoint(y: Matrix): Matrix;
  /** `|W|` applied to non-negative rows, `[n, inSize] → [n, outSize]`. */
  magnitude(x: Matrix): Matrix;
  /** Adds dLoss/dparameters for `y = linear(x)` to `into`, given x `[n, inSize]` and dLoss/dy `[n, outSize]`. */
  accumulateGradient(into: AffineGradient, x: Matrix, dy: Matrix): void;
  zeroGradient(): AffineGradient;
  /** Every parameter, for checks and serialisation; a stored bias is the last one. */
  readonly parameters: readonly Float64Array[];
  /** The operator with another bias `[outSize]`. Throws `shape`, or `invalid-option` where outputs of one group differ. */
  withBias(bias: Float64Array): this;
  rounded(precision: Precision): this;
}

/** What dense layers and convolutions have besides: all of `linear` is one product. */
export interface ProductContract extends AffineContract {
  /** The product that `linear` is, with its weights. */
  taps(): TapProduct;
  /** The operator with other parameters, of the sizes and in the order of {@link AffineContract.parameters}; neither copied nor checked. */
  withParameters(weight: Float64Array, bias: Float64Array): this;
}

/** dLoss/dparameters, shaped like the parameters; both empty for an operator without any to train. */
export interface AffineGradient {
  /** As the operator stores its weights. */
  readonly weight: Matrix;
  /** Of the stored biases: one per group. */
  readonly bias: Float64Array;
}
