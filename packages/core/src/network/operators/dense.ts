import { assertFinite, assertSize } from '../../errors.js';
import {
  addTransposedProduct,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  transposed,
} from '../../numeric/matrix.js';
import { roundAll } from '../../numeric/precision.js';
import type { TapProduct } from '../../numeric/tap-product.js';
import type { AffineContract } from './contract.js';
import { fastProduct } from './fast-product.js';
import { countNonZeros } from './sparse.js';

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
    linear: x => product(x, weight),
    adjoint: y => adjointProduct(y, weight),
    magnitude: x => {
      absolute ??= matrix(weight.rows, weight.cols, weight.data.map(Math.abs));
      return product(x, absolute);
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

/** A block with at most this share of non-zeros is multiplied entry by entry: directions of boxes and balls are. */
const SPARSE_SHARE = 1 / 8;

/** `X Wᵀ`, by the products that were loaded, if any. All ways sum in index order, to the same bits. */
function product(x: Matrix, w: Matrix): Matrix {
  assertSize(x.cols, w.cols, 'X Wᵀ', 'columns of X');
  const nonZeros = countNonZeros(x.data);
  if (nonZeros <= SPARSE_SHARE * x.data.length) {
    // Turning W over costs as much as this many non-zeros, and then they meet whole rows.
    return nonZeros < w.cols ? multiplyTransposed(x, w) : multiply(x, transposed(w));
  }
  return fastProduct(() => asTaps(w), x, x.rows * w.data.length) ?? multiplyTransposed(x, w);
}

/** `Y W`, likewise. */
function adjointProduct(y: Matrix, w: Matrix): Matrix {
  assertSize(y.cols, w.rows, 'Y W', 'columns of Y');
  if (countNonZeros(y.data) <= SPARSE_SHARE * y.data.length) return multiply(y, w);
  return fastProduct(() => asTaps(transposed(w)), y, y.rows * w.data.length) ?? multiply(y, w);
}

const ONE_POSITION: Int32Array = new Int32Array(1);

function asTaps({ rows, cols, data }: Matrix): TapProduct {
  return {
    groups: 1,
    inChannels: cols,
    outChannels: rows,
    inPlane: 1,
    outPlane: 1,
    taps: 1,
    positionOf: ONE_POSITION,
    weight: data,
  };
}
