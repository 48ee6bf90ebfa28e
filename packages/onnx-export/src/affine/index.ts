import { type AffineOperator, type Custom, PoliceError } from '@police/core';
import type { AffineNode } from '@police/core/adapter';
import { type ByKind, byKind } from '../by-kind.js';
import type { Operation, Value } from '../operation.js';
import { convOperation } from './conv.js';
import { convTransposeOperation } from './conv-transpose.js';
import { denseOperation } from './dense.js';
import { fixedOperation } from './fixed.js';
import { gatherOperation } from './gather.js';
import { scaleOperation } from './scale.js';
import { sparseOperation } from './sparse.js';

/** From the input and the node's name. Each throws `not-frozen` or `unsupported-layer`, naming the node. */
const WRITERS: ByKind<AffineOperator, [x: Value, where: string], Operation> = {
  dense: denseOperation,
  conv: convOperation,
  convTranspose: convTransposeOperation,
  gather: gatherOperation,
  scale: scaleOperation,
  fixed: fixedOperation,
  sparse: sparseOperation,
  permuted: ({ inner, inputs, outputs }, x, where) => {
    const y = byKind(WRITERS, inner, inputs ? gatherOperation(inputs, x, where) : x, where);
    return outputs ? gatherOperation(outputs, y, where) : y;
  },
  custom: unsupported,
};

/** The operators that compute `linear(x) + bias`. Throws `not-frozen` or `unsupported-layer`. */
export function affineOperation({ name, operator }: AffineNode, x: Value): Operation {
  return byKind(WRITERS, operator, x, name);
}

function unsupported({ name }: Custom, _x: Value, where: string): never {
  throw new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: `an operator of core: ${Object.keys(WRITERS).join(', ')}`,
    actual: `custom: '${name}'`,
    remedy: 'Build the layer from core’s operators.',
  });
}
