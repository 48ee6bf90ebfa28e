import type { AffineOperator } from '@police/core';

/**
 * The operator with weights that freezing leaves as they are: a model of several formats is frozen in the coarsest that a
 * shift is stored in, which need not hold the weights of the others. Biases that freezing chooses are of that format.
 */
export function keepingWeights<O extends AffineOperator>(operator: O): O {
  const self: O = {
    ...operator,
    rounded: () => self,
    withBias: (bias: Float64Array) => keepingWeights(operator.withBias(bias) as O),
  };
  return self;
}

/** Whether every weight and bias is a value of a format. */
export function fitsFormat({ parameters }: AffineOperator, round: (x: number) => number): boolean {
  return parameters.every(values => values.every(value => round(value) === value));
}
