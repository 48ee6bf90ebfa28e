import { assertFinite, assertSize } from '../errors.js';
import {
  addToRows,
  addTransposedProduct,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  sumRows,
} from '../numeric/matrix.js';
import { type Precision, roundAll } from '../numeric/precision.js';

/**
 * An affine layer seen only through what the method needs: `x ↦ linear(x) + bias` on a block of rows.
 *
 * Laws: `linear` is linear; `⟨linear(x), y⟩ = ⟨x, adjoint(y)⟩`; `|linear(x)| ≤ magnitude(|x|)` entrywise.
 */
export interface AffineOperator {
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
  /** `[n, inSize] → [n, outSize]`, without the bias. */
  linear(x: Matrix): Matrix;
  /** `[n, outSize] → [n, inSize]`. */
  adjoint(y: Matrix): Matrix;
  /** `|W|` applied to non-negative rows, `[n, inSize] → [n, outSize]`. */
  magnitude(x: Matrix): Matrix;
  /** Adds dLoss/dparameters for `y = linear(x)` to `into`, given x `[n, inSize]` and dLoss/dy `[n, outSize]`. */
  accumulateGradient(into: AffineGradient, x: Matrix, dy: Matrix): void;
  zeroGradient(): AffineGradient;
  /** Every parameter, for checks and serialisation. */
  readonly parameters: readonly Float64Array[];
  /** The operator with another bias `[outSize]`. Throws `shape`, or `invalid-option` where outputs of one group differ. */
  withBias(bias: Float64Array): AffineOperator;
  rounded(precision: Precision): AffineOperator;
}

/** dLoss/dparameters, shaped like the parameters; both empty for an operator without any. */
export interface AffineGradient {
  /** As the operator stores its weights. */
  readonly weight: Matrix;
  /** Of the stored biases: one per group. */
  readonly bias: Float64Array;
}

/** A fully connected layer, `y = W x + b`. */
export interface Dense extends AffineOperator {
  readonly kind: 'dense';
  /** `[outSize, inSize]`. */
  readonly weight: Matrix;
}

/**
 * A dense layer from `weight` `[outSize, inSize]` (a matrix, or its rows) and `bias` `[outSize]`
 * (zeros by default). Copies both. Throws `shape` or `not-finite`.
 *
 * @example
 * dense([[1, -1], [0, 2]], [0.5, 0])
 */
export function dense(weight: Matrix | readonly ArrayLike<number>[], bias?: ArrayLike<number>): Dense {
  const w = 'data' in weight ? matrix(weight.rows, weight.cols, weight.data.slice()) : matrixFromRows(weight);
  const b = bias ? Float64Array.from(bias) : new Float64Array(w.rows);
  assertSize(b.length, w.rows, 'dense', 'bias');
  assertFinite(w.data, 'dense weight');
  assertFinite(b, 'dense bias');
  return denseOf(w, b);
}

function denseOf(weight: Matrix, bias: Float64Array): Dense {
  let absolute: Matrix | undefined;
  return {
    kind: 'dense',
    weight,
    bias,
    storesBias: true,
    inSize: weight.cols,
    outSize: weight.rows,
    terms: weight.cols,
    parameters: [weight.data, bias],
    linear: x => multiplyTransposed(x, weight),
    adjoint: y => multiply(y, weight),
    magnitude: x => {
      absolute ??= matrix(weight.rows, weight.cols, weight.data.map(Math.abs));
      return multiplyTransposed(x, absolute);
    },
    zeroGradient: () => ({ weight: matrix(weight.rows, weight.cols), bias: new Float64Array(weight.rows) }),
    accumulateGradient: (into, x, dy) => addTransposedProduct(into.weight, dy, x),
    withBias: next => {
      assertSize(next.length, weight.rows, 'dense', 'bias');
      return denseOf(weight, next);
    },
    rounded: precision =>
      denseOf(matrix(weight.rows, weight.cols, roundAll(weight.data, precision)), roundAll(bias, precision)),
  };
}

/** `linear(x) + bias` on every row. */
export function applyAffine(operator: AffineOperator, x: Matrix): Matrix {
  return addToRows(operator.linear(x), operator.bias);
}

/** Adds the gradient of `y = linear(x) + bias`: the weights' and, summed over rows, the bias's. */
export function accumulateAffineGradient(
  operator: AffineOperator,
  into: AffineGradient,
  x: Matrix,
  dy: Matrix,
): void {
  operator.accumulateGradient(into, x, dy);
  if (!operator.storesBias) return;
  const { biasGroups } = operator;
  sumRows(dy).forEach((sum, j) => {
    into.bias[biasGroups ? biasGroups[j] : j] += sum;
  });
}
