import { type AffineOperator, type Dense, dense, matrix } from '@police/core';

/**
 * The matrix of an operator: what it makes of unit vectors, which is exact where no output reads an entry twice.
 */
export function asDense(operator: AffineOperator): Dense {
  if (operator.kind === 'dense') return operator;
  const { inSize, outSize, bias } = operator;
  const units = matrix(inSize, inSize);
  for (let k = 0; k < inSize; k++) units.data[k * inSize + k] = 1;
  const columns = operator.linear(units).data;
  const weight = matrix(outSize, inSize);
  for (let k = 0; k < inSize; k++)
    for (let j = 0; j < outSize; j++) weight.data[j * inSize + k] = columns[k * outSize + j];
  return dense(weight, bias);
}
