import type { AffineOperator, NetworkNode, Precision } from '@police/core';
import { isRepresentable } from '@police/core/adapter';

/**
 * The node, of which freezing leaves the numbers as they are that `precision` does not hold: a model of several formats is
 * frozen in the coarsest that a shift is stored in, and its other numbers stay in the file. (Factors of sums are attributes,
 * of float32 in every model.)
 */
export function keepingNumbers(node: NetworkNode, precision: Precision): NetworkNode {
  if (isRepresentable({ nodes: [node] }, precision)) return node;
  if (node.kind === 'affine') return { ...node, operator: keepingWeights(node.operator) };
  if (node.kind !== 'activation') return node;
  return { ...node, activation: { ...node.activation, keepsConstants: true } };
}

/**
 * The operator with weights that freezing leaves as they are. Biases that freezing chooses are of the format that it
 * freezes in.
 */
function keepingWeights<O extends AffineOperator>(operator: O): O {
  const self: O = {
    ...operator,
    rounded: () => self,
    withBias: (bias: Float64Array) => keepingWeights(operator.withBias(bias) as O),
  };
  return self;
}
