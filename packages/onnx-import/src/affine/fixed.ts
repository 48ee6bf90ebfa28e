import { type AffineOperator, matrix, operators, PoliceError } from '@police/core';
import { assertSize } from '@police/core/adapter';

/**
 * An elementwise operator with coefficients that the model does not store but implies, such as the 1/c of a division or
 * the γ/√(variance + ε) of a batch-norm. They have no storage format, so `rounded` leaves them; `roundings` bounds how
 * many float64 roundings (and a runtime's own) lie between them and the real numbers meant, and counts in `terms`. No
 * bias in it may be changed.
 */
export function fixed(options: operators.ScaleOptions, roundings: number): AffineOperator {
  const inner = operators.scale(options);
  const self: AffineOperator = {
    inSize: inner.inSize,
    outSize: inner.outSize,
    bias: inner.bias,
    storesBias: false,
    terms: inner.terms + roundings,
    parameters: [],
    linear: inner.linear,
    adjoint: inner.adjoint,
    magnitude: inner.magnitude,
    zeroGradient: () => ({ weight: matrix(0, 0), bias: new Float64Array(0) }),
    accumulateGradient: () => {},
    withBias: bias => {
      assertSize(bias.length, inner.outSize, 'fixed operator', 'bias');
      throw new PoliceError({
        code: 'invalid-option',
        where: 'fixed operator',
        expected: 'an operator that stores a bias',
        actual: 'one without',
        remedy: 'Put an explicit add after it instead.',
      });
    },
    rounded: () => self,
  };
  return self;
}
