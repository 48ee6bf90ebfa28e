import type { NetworkNode } from '@police/core';
import type { InputNode } from '@police/core/adapter';
import { activationOperation } from './activation.js';
import { affineOperation } from './affine/index.js';
import { concatOperation } from './concat.js';
import { maxOperation } from './max.js';
import type { Operation, Tensor } from './operation.js';
import { sumOperation } from './sum.js';

/** The operators that compute a node of core from its inputs. Throws `not-frozen` or `unsupported-layer`. */
export function operationOf(node: Exclude<NetworkNode, InputNode>, inputs: readonly Tensor[]): Operation {
  const [x] = inputs;
  switch (node.kind) {
    case 'affine':
      return affineOperation(node, x);
    case 'activation':
      return activationOperation(node, x);
    case 'sum':
      return sumOperation(node, inputs);
    case 'concat':
      return concatOperation(inputs);
    case 'max':
      return maxOperation(node, x);
  }
}
