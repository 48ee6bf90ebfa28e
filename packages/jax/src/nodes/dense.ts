import { numpy as np } from '@jax-js/jax';
import { dense as denseOperator, matrix } from '@police/core';
import { sizeOf } from '../arrays.js';
import type { LinearNode } from './node.js';

/** `y = x w + b`, w `[in, units]`, of rows seen flat. */
export function denseNode(
  name: string,
  input: string,
  inputShape: readonly number[],
  units: number,
  hasBias = true,
): LinearNode {
  const size = sizeOf(inputShape);
  return {
    kind: 'linear',
    name,
    inputs: [input],
    inputShape,
    shape: [units],
    parameters: [
      { name: 'w', shape: [size, units], deviation: Math.sqrt(2 / size) },
      ...(hasBias ? [{ name: 'b', shape: [units] }] : []),
    ],
    linear: ({ w }, x) =>
      np.dot(
        inputShape.length === 1 ? x : x.reshape([...x.shape.slice(0, x.ndim - inputShape.length), size]),
        w.ref,
      ),
    ...(hasBias ? { bias: ({ b }) => b.ref } : {}),
    // A sum, the gradient of which fuses, not a product; and the weights are padded, not what they are scaled to: that would be a kernel more.
    scaledAxes: ({ w }, origin, factors) => ({
      origin: np.sum(w.ref.mul(origin), 0, { keepdims: true }),
      scaled: np
        .pad(w.ref, [
          [1, factors.shape[0] - size - 1],
          [0, 0],
        ])
        .mul(factors),
    }),
    operator: ({ w, b }) => {
      const weight = matrix(units, size);
      for (let k = 0; k < size; k++)
        for (let j = 0; j < units; j++) weight.data[j * size + k] = w[k * units + j];
      return denseOperator(weight, b);
    },
  };
}
