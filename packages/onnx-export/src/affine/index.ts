import { type AffineOperator, type Dense, type operators, PoliceError } from '@police/core';
import type { AffineNode } from '@police/core/adapter';
import type { Operation, Value } from '../operation.js';
import { convOperation } from './conv.js';
import { convTransposeOperation } from './conv-transpose.js';
import { denseOperation } from './dense.js';
import { gatherOperation } from './gather.js';
import { scaleOperation } from './scale.js';
import { sparseOperation } from './sparse.js';

/** Core's affine operators. */
type Known =
  | Dense
  | operators.Conv
  | operators.ConvTranspose
  | operators.Gather
  | operators.Scale
  | operators.Sparse;

const byKind: { readonly [K in Known['kind']]: Writer<Extract<Known, { kind: K }>> } = {
  dense: denseOperation,
  conv: convOperation,
  convTranspose: convTransposeOperation,
  gather: gatherOperation,
  scale: scaleOperation,
  sparse: sparseOperation,
};

/** Throws `not-frozen`, naming the node `where`. */
type Writer<Operator> = (operator: Operator, x: Value, where: string) => Operation;

/** The operators that compute `linear(x) + bias`. Throws `not-frozen` or, for an operator not of core, `unsupported-layer`. */
export function affineOperation({ name, operator }: AffineNode, x: Value): Operation {
  if (!isKnown(operator)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: name,
      expected: `an operator of core: ${Object.keys(byKind).join(', ')}`,
      actual: 'kind' in operator ? `'${operator.kind}'` : 'an operator of no known kind',
    });
  }
  // TypeScript does not see that the table's entry is for this very kind.
  return (byKind[operator.kind] as Writer<Known>)(operator, x, name);
}

function isKnown(operator: AffineOperator): operator is Known {
  return 'kind' in operator && Object.hasOwn(byKind, operator.kind as string);
}
