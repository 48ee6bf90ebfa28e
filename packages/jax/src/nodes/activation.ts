import { type Activation, prelu } from '@police/core';
import { assertKnown } from './activate.js';
import type { ActivationNode } from './node.js';

/** An activation of core as a node; PReLU's slopes are trained. Throws `unsupported-activation`. */
export function activationNode(
  name: string,
  input: string,
  shape: readonly number[],
  activation: Activation,
): ActivationNode {
  assertKnown(activation, name);
  const isTrained = activation.name === 'prelu';
  return {
    kind: 'activation',
    name,
    inputs: [input],
    inputShape: shape,
    shape,
    parameters: isTrained ? [{ name: 'alpha', shape, fill: PRELU_START }] : [],
    activation,
    ...(isTrained ? { activationOf: ({ alpha }) => prelu(alpha) } : {}),
  };
}

/** As PyTorch starts it. */
const PRELU_START = 0.25;
