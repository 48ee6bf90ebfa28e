import type { NetworkNode } from '@police/core';
import type { InputNode } from '@police/core/adapter';
import { activationOperation } from './activation.js';
import { affineOperation } from './affine/index.js';
import { type ByKind, byKind } from './by-kind.js';
import { concatOperation } from './concat.js';
import { maxOperation } from './max.js';
import type { Operation, Tensor } from './operation.js';
import { sumOperation } from './sum.js';

type Computed = Exclude<NetworkNode, InputNode>;

const WRITERS: ByKind<Computed, [inputs: readonly Tensor[]], Operation> = {
  affine: (node, [x]) => affineOperation(node, x),
  activation: (node, [x]) => activationOperation(node, x),
  sum: sumOperation,
  concat: (_, inputs) => concatOperation(inputs),
  max: (node, [x]) => maxOperation(node, x),
};

/** The operators that compute a node of core from its inputs. Throws `not-frozen` or `unsupported-layer`. */
export function operationOf(node: Computed, inputs: readonly Tensor[]): Operation {
  return byKind(WRITERS, node, inputs);
}
