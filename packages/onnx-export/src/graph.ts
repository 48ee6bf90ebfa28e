import type { Network, NetworkNode } from '@police/core';
import { UNRESOLVED, walk } from '@police/core/adapter';
import { activationOperation } from './activation.js';
import { affineOperation } from './affine/index.js';
import { clampOperation } from './clamp.js';
import { concatOperation } from './concat.js';
import { GraphWriter } from './graph-writer.js';
import { maxOperation } from './max.js';
import type { OnnxGraph } from './onnx-proto.js';
import { asOperation, flattened, operation, type Tensor, type Value } from './operation.js';
import type { GraphNames } from './options.js';
import { sumOperation } from './sum.js';

/** Softmax is over the last axis in the opset written. */
const FINAL_OPERATORS = { softmax: 'Softmax', sigmoid: 'Sigmoid' } as const;

/**
 * Node by node. The operator that computes a core node's values has its name, and so has the tensor (the last one the
 * output's name); operators before that one are `node.OpType`, constants `node.role`, as in `affine_1.weight`.
 *
 * Every tensor keeps the shape its operator gave it; a consumer that needs another one reshapes it, once for all
 * consumers that need the same.
 *
 * Throws `not-frozen` or `unsupported-layer`, naming the node.
 */
export function onnxGraph(net: Network, { inputName, outputName, graphName, final }: GraphNames): OnnxGraph {
  const writer = new GraphWriter([inputName, outputName]);
  const last = net.nodes.at(-1)!;
  // Core's names come first, so that a name derived from another node's never takes one of them.
  const names = new Map(
    net.nodes.map(node => {
      const isNamedByOptions = (node === last && !final) || node.kind === 'input';
      const output = isNamedByOptions ? outputName : writer.tensorName(node.name);
      return [node.name, { name: writer.nodeName(node.name), output }];
    }),
  );

  function place(node: NetworkNode, result: Value): Tensor {
    const { name, output } = names.get(node.name)!;
    return writer.append(asOperation(node === last ? flattened(result) : result), name, output);
  }

  const values = walk<Tensor>(net, {
    input: node => {
      const input: Tensor = { kind: 'tensor', name: inputName, shape: [node.size] };
      return node === last ? place(node, input) : input;
    },
    affine: (node, [x]) => place(node, affineOperation(node, x)),
    activation: (node, [x]) => place(node, activationOperation(node, x)),
    sum: (node, inputs) => place(node, sumOperation(node, inputs)),
    concat: (node, inputs) => place(node, concatOperation(inputs)),
    max: (node, [x]) => place(node, maxOperation(node, x)),
    clamp: (node, inputs) => place(node, clampOperation(inputs)),
    opaque: UNRESOLVED.opaque,
  });
  if (final) {
    const operator = operation(FINAL_OPERATORS[final], [values.get(last.name)!], [net.outputSize]);
    writer.append(operator, writer.nodeName(final), outputName);
  }
  return {
    name: graphName,
    nodes: writer.nodes,
    initializers: writer.initializers,
    input: { name: inputName, size: net.inputSize },
    output: { name: outputName, size: net.outputSize },
  };
}
