import { assertFinite, assertSize } from '../../errors.js';
import {
  addTransposedProduct,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
} from '../../numeric/matrix.js';
import { roundAll } from '../../numeric/precision.js';
import type { AffineContract } from './contract.js';

/** A fully connected layer, `y = W x + b`. */
export interface Dense extends AffineContract {
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
