import { assertFinite, assertSize } from '../../errors.js';
import { type Matrix, matrix, matrixFromRows, room } from '../../numeric/matrix.js';
import { roundAll } from '../../numeric/precision.js';
import type { ProductContract } from './contract.js';
import { addGradient, adjointProduct, asTaps, product } from './dense-products.js';
import { magnitudesOf } from './magnitudes.js';

/** A fully connected layer, `y = W x + b`. */
export interface Dense extends ProductContract {
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
  const magnitudes = magnitudesOf(weight.data);
  const magnitudesIn = (rows: Matrix): Matrix => ({ ...rows, data: magnitudes(rows.data) });
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
    magnitude: x => product(x, weight, magnitudesIn),
    zeroGradient: () => ({ weight: room(weight.rows, weight.cols), bias: new Float64Array(weight.rows) }),
    accumulateGradient: (into, x, dy) => addGradient(into.weight, dy, x),
    withBias: next => {
      assertSize(next.length, weight.rows, 'dense', 'bias');
      return denseOf(weight, next);
    },
    taps: () => asTaps(weight),
    withParameters: (data, next) => denseOf(matrix(weight.rows, weight.cols, data), next),
    rounded: precision =>
      denseOf(matrix(weight.rows, weight.cols, roundAll(weight.data, precision)), roundAll(bias, precision)),
  };
}
