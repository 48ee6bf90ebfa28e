import { type Network, type NetworkNode, network, PoliceError } from '@police/core';
import { withInputs } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import {
  type Comparison,
  type Network as Declared,
  type Formula,
  fold,
  type InputTensor,
  type OutputTensor,
  operandsOf,
  type Query,
  sizeOf,
  type Term,
} from '@police/vnnlib';

/** One of a query's networks, with its place in the joined one. */
export interface Part {
  readonly declared: Declared;
  readonly input: InputTensor;
  readonly output: OutputTensor;
  /** Where its entries begin among all inputs and all outputs. */
  readonly inputsFrom: number;
  readonly outputsFrom: number;
}

/** A query of one network, which stands for several side by side. */
export interface Joined {
  readonly query: Query;
  readonly parts: readonly Part[];
}

/**
 * Several networks as one: its input is theirs one after the other, and so is its output. A query of one network stays as it is. Throws
 * `unsupported-layer`, naming the network, for several inputs or outputs of one, hidden tensors, or types that differ.
 */
export function joined(query: Query, file: string): Joined {
  let [inputsFrom, outputsFrom] = [0, 0];
  const parts = query.networks.map((declared): Part => {
    const { inputs, outputs, hidden, name } = declared;
    if (inputs.length !== 1 || outputs.length !== 1 || hidden.length > 0 || inputs[0].isInitialized) {
      const actual = `${inputs.length} input(s), ${hidden.length} hidden tensor(s), ${outputs.length} output(s)`;
      throw unsupported(`${file} network ${name}`, 'one input and one output, nothing hidden', actual);
    }
    const part = { declared, input: inputs[0], output: outputs[0], inputsFrom, outputsFrom };
    inputsFrom += sizeOf(inputs[0]);
    outputsFrom += sizeOf(outputs[0]);
    return part;
  });
  if (parts.length === 1) return { query, parts };
  const [{ input, output, declared }] = parts;
  const odd = parts.find(
    part => part.input.elementType !== input.elementType || part.output.elementType !== output.elementType,
  );
  if (odd)
    throw unsupported(
      `${file} network ${odd.declared.name}`,
      `${input.elementType} as the others`,
      odd.input.elementType,
    );
  const all = {
    ...declared,
    inputs: [{ ...input, name: 'inputs', shape: [inputsFrom] }],
    outputs: [{ ...output, name: 'outputs', shape: [outputsFrom] }],
  };
  const moved = new Map<string, { tensor: string; by: number }>();
  for (const part of parts) {
    moved.set(part.input.name, { tensor: 'inputs', by: part.inputsFrom });
    moved.set(part.output.name, { tensor: 'outputs', by: part.outputsFrom });
  }
  const assertions = query.assertions.map(assertion => ({
    ...assertion,
    formula: renamed(assertion.formula, moved),
  }));
  return { query: { ...query, networks: [all], assertions }, parts };
}

type Node = Formula | Term;

function renamed(formula: Formula, moved: ReadonlyMap<string, { tensor: string; by: number }>): Formula {
  return fold<Node, Node>(formula, childrenOf, (node, children) => {
    if (node.kind === 'element') {
      const { tensor, by } = moved.get(node.tensor)!;
      return { ...node, tensor, index: node.index + by };
    }
    if (node.kind === 'comparison') return { ...node, left: children[0], right: children[1] } as Comparison;
    return children.length === 0 ? node : ({ ...node, operands: children } as Node);
  }) as Formula;
}

function childrenOf(node: Node): readonly Node[] {
  return node.kind === 'comparison' ? [node.left, node.right] : operandsOf<Node>(node);
}

/** Networks side by side: the input holds theirs one after the other, and so does the output. */
export function sideBySide(networks: readonly Network[]): Network {
  if (networks.length === 1) return networks[0];
  const size = networks.reduce((sum, { inputSize }) => sum + inputSize, 0);
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'inputs', size }];
  const ends: string[] = [];
  let from = 0;
  networks.forEach((each, i) => {
    const named = (name: string) => `${i}/${name}`;
    const start = from;
    from += each.inputSize;
    for (const node of each.nodes) {
      if (node.kind !== 'input') {
        nodes.push({ ...withInputs(node, named), name: named(node.name) });
        continue;
      }
      const index = Int32Array.from({ length: each.inputSize }, (_, k) => start + k);
      const operator = operators.gather({ inSize: size, index });
      nodes.push({ kind: 'affine', name: named(node.name), input: 'inputs', operator });
    }
    ends.push(named(each.nodes[each.nodes.length - 1].name));
  });
  nodes.push({ kind: 'concat', name: 'outputs', inputs: ends });
  return network(nodes);
}

function unsupported(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({ code: 'unsupported-layer', where, expected, actual });
}
