import type { AffineOperator, Dense } from '@police/core';

/** The operator of a dense layer, for kits that know no others. */
export function asDense(operator: AffineOperator): Dense {
  if (operator.kind === 'dense') return operator;
  throw new Error(`expected a dense layer, got one of kind ${operator.kind}`);
}
