import { type Activation, type AffineOperator, type Network, type NetworkNode, network } from '@police/core';
import { within } from '@police/core/adapter';
import { numbersOf, sizeOf } from '../arrays.js';
import { type Model, paramsOf } from '../model.js';
import { INPUT, type Node, type NodeParams, type NodeValues, type Params } from '../nodes/node.js';

/**
 * A model of these parameters as a core network in float64, rows flat, with the layers' names; the parameters are downloaded and left as they
 * are. Throws `not-finite`, naming the layer.
 */
export function toNetwork(
  { nodes, inputShape }: Pick<Model, 'nodes' | 'inputShape'>,
  params: Params,
): Network {
  /** What a node's value is called in the network: layers that only see it in another shape are not there. */
  const names = new Map([[INPUT, INPUT]]);
  const found: NetworkNode[] = [{ kind: 'input', name: INPUT, size: sizeOf(inputShape) }];
  for (const node of nodes) {
    const written = nodeOf(
      node,
      node.inputs.map(name => names.get(name)!),
      valuesOf(paramsOf(node, params)),
    );
    if (written) found.push(written);
    names.set(node.name, written ? node.name : names.get(node.inputs[0])!);
  }
  return network(found);
}

function nodeOf(node: Node, inputs: readonly string[], values: NodeValues): NetworkNode | undefined {
  const { name } = node;
  const [input] = inputs;
  switch (node.kind) {
    case 'linear': {
      const operator: AffineOperator | undefined = within(name, () => node.operator?.(values));
      return operator && { kind: 'affine', name, input, operator };
    }
    case 'activation': {
      const activation: Activation = within(name, () => node.activationOf?.(values) ?? node.activation);
      return { kind: 'activation', name, input, activation };
    }
    case 'max': {
      const { windows, lifts } = node;
      return { kind: 'max', name, input, windows, ...(lifts ? { lifts } : {}) };
    }
    case 'sum':
      return { kind: 'sum', name, inputs, ...(node.coefficients ? { coefficients: node.coefficients } : {}) };
    case 'concat':
      return { kind: 'concat', name, inputs };
    case 'clamp':
      return { kind: 'clamp', name, inputs: [inputs[0], inputs[1], inputs[2]] };
  }
}

const valuesOf = (params: NodeParams): NodeValues =>
  Object.fromEntries(Object.entries(params).map(([name, array]) => [name, numbersOf(array)]));
