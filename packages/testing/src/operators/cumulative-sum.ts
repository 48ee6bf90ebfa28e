import { type Custom, type Matrix, matrix, type Precision } from '@police/core';
import { assertSize } from '@police/core/adapter';

/** An operator that core does not have: `y[j] = x[0] + … + x[j] + bias[j]`, in as many additions as there are entries. */
export function cumulativeSum(bias: Float64Array): Custom {
  const size = bias.length;
  const sums = (x: Matrix) => running(x, (row, k) => row * size + k);
  return {
    kind: 'custom',
    name: 'cumulativeSum',
    inSize: size,
    outSize: size,
    bias,
    storesBias: true,
    terms: size,
    parameters: [bias],
    linear: sums,
    adjoint: y => running(y, (row, k) => (row + 1) * size - 1 - k),
    magnitude: sums,
    zeroGradient: () => ({ weight: matrix(0, 0), bias: new Float64Array(size) }),
    accumulateGradient: () => {},
    withBias: next => {
      assertSize(next.length, size, 'cumulativeSum', 'bias');
      return cumulativeSum(next);
    },
    rounded: ({ round }: Precision) => cumulativeSum(bias.map(round)),
  };
}

/** Sums along each row, in the order of `at`. */
function running({ rows, cols, data }: Matrix, at: (row: number, k: number) => number): Matrix {
  const sums = matrix(rows, cols);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < cols; k++) {
      sum += data[at(row, k)];
      sums.data[at(row, k)] = sum;
    }
  }
  return sums;
}
