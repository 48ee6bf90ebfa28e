import { inputsOf, type Network, type NetworkNode } from '@police/core';
import { uniqueNames } from './names.js';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnx-proto.js';
import { type Operator, operatorsOf, type Parameter } from './operators.js';
import type { GraphNames } from './options.js';

/**
 * Node by node. An ONNX node has the name of its core node, and so has the tensor it computes (the last one the
 * output's name); parameters are `node.role`, as in `affine_1.weight`. A name already taken gets a number appended.
 *
 * Throws `not-frozen` or `unsupported-layer`, naming the node.
 */
export function onnxGraph(net: Network, { inputName, outputName, graphName }: GraphNames): OnnxGraph {
  const nodeName = uniqueNames();
  const tensorName = uniqueNames([inputName, outputName]);
  // Core's names come first, so that a name derived from another node's never takes one of them.
  const last = net.nodes.at(-1)!;
  const nodeNames = new Map(net.nodes.map(({ name }) => [name, nodeName(name)]));
  const tensorNames = new Map(net.nodes.map(node => [node.name, tensorOf(node)]));
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];

  function tensorOf(node: NetworkNode): string {
    if (node.kind === 'input') return inputName;
    return node === last ? outputName : tensorName(node.name);
  }

  function initializer(owner: string, { role, dims, values }: Parameter): string {
    const name = tensorName(`${owner}.${role}`);
    initializers.push({ name, dims, values });
    return name;
  }

  function append(owner: string, operators: readonly Operator[], from: string, to: string): void {
    let x = from;
    operators.forEach(({ opType, attributes = [], parameters = [] }, i) => {
      const isResult = i === operators.length - 1;
      const name = isResult ? owner : nodeName(`${owner}.${opType}`);
      const inputs = [x, ...parameters.map(parameter => initializer(owner, parameter))];
      x = isResult ? to : tensorName(name);
      nodes.push({ opType, name, inputs, output: x, attributes });
    });
  }

  for (const node of net.nodes) {
    const name = nodeNames.get(node.name)!;
    if (node.kind !== 'input') {
      append(name, operatorsOf(node), tensorNames.get(inputsOf(node)[0])!, tensorNames.get(node.name)!);
    } else if (node === last) {
      append(name, [{ opType: 'Identity' }], inputName, outputName);
    }
  }
  return {
    name: graphName,
    nodes,
    initializers,
    input: { name: inputName, size: net.inputSize },
    output: { name: outputName, size: net.outputSize },
  };
}
