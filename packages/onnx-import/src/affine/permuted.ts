import { type AffineOperator, type Matrix, matrix } from '@police/core';
import { assertSize } from '@police/core/adapter';

/** An affine operator between two reorderings. */
export interface Permuted extends AffineOperator {
  readonly kind: 'permuted';
  readonly inner: AffineOperator;
}

export interface Reordering {
  /**
   * Where each input of the inner operator comes from, a permutation `[inSize]`.
   * @defaultValue the order as it is
   */
  readonly inputs?: Int32Array;
  /**
   * Which output of the inner operator each output is, a permutation `[outSize]`.
   * @defaultValue the order as it is
   */
  readonly outputs?: Int32Array;
}

/**
 * `y[j] = inner(x[inputs])[outputs[j]]`: a convolution over NHWC data is one over NCHW data between two transposes.
 * Unlike three nodes in a row it still has the convolution's bias, so that a nonlinearity after the second transpose
 * finds it. Nothing is rounded.
 */
export function permuted(inner: AffineOperator, { inputs, outputs }: Reordering): Permuted {
  const inputsBack = inputs && inverse(inputs);
  const outputsBack = outputs && inverse(outputs);
  const groups = inner.biasGroups ?? Int32Array.from({ length: inner.outSize }, (_, j) => j);
  return {
    kind: 'permuted',
    inner,
    inSize: inner.inSize,
    outSize: inner.outSize,
    terms: inner.terms,
    storesBias: inner.storesBias,
    bias: outputs ? Float64Array.from(outputs, j => inner.bias[j]) : inner.bias,
    ...(inner.storesBias ? { biasGroups: outputs ? outputs.map(j => groups[j]) : groups } : {}),
    parameters: inner.parameters,
    linear: x => reordered(inner.linear(reordered(x, inputs)), outputs),
    adjoint: y => reordered(inner.adjoint(reordered(y, outputsBack)), inputsBack),
    magnitude: x => reordered(inner.magnitude(reordered(x, inputs)), outputs),
    zeroGradient: () => inner.zeroGradient(),
    accumulateGradient: (into, x, dy) =>
      inner.accumulateGradient(into, reordered(x, inputs), reordered(dy, outputsBack)),
    withBias: bias => {
      assertSize(bias.length, inner.outSize, 'permuted', 'bias');
      const original = outputsBack ? Float64Array.from(outputsBack, j => bias[j]) : bias;
      return permuted(inner.withBias(original), { ...(inputs && { inputs }), ...(outputs && { outputs }) });
    },
    rounded: precision =>
      permuted(inner.rounded(precision), { ...(inputs && { inputs }), ...(outputs && { outputs }) }),
  };
}

/** Column j of the result is column `order[j]`. */
function reordered(x: Matrix, order?: Int32Array): Matrix {
  if (!order) return x;
  assertSize(x.cols, order.length, 'permuted', 'rows');
  const y = matrix(x.rows, x.cols);
  for (let start = 0; start < y.data.length; start += x.cols) {
    for (let j = 0; j < order.length; j++) y.data[start + j] = x.data[start + order[j]];
  }
  return y;
}

function inverse(order: Int32Array): Int32Array {
  const back = new Int32Array(order.length);
  order.forEach((from, j) => {
    back[from] = j;
  });
  return back;
}
