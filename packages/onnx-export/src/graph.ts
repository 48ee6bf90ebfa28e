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
  const input: Tensor = { kind: 'tensor', name: inputName, shape: [net.inputSize] };
  const places: Places = { input, outputName, isOutput: node => node === net.nodes.at(-1) && !final };
  const result = writeNodes(net, writer, places);
  if (final) {
    const operator = operation(FINAL_OPERATORS[final], [result], [net.outputSize]);
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

/** Which tensors are there, and what the network's own is to be called. */
export interface Places {
  readonly input: Tensor;
  /** What stands for an opaque node; without it one is refused. */
  readonly opaque?: Tensor;
  readonly outputName: string;
  /** Whether a node's tensor has the output's name. */
  readonly isOutput: (node: NetworkNode) => boolean;
}

/** Writes the network's nodes, and returns its output's tensor: flat, unless an opaque node has another shape. */
export function writeNodes(
  net: Network,
  writer: GraphWriter,
  { input, opaque, outputName, isOutput }: Places,
): Tensor {
  const last = net.nodes.at(-1)!;
  // Core's names come first, so that a name derived from another node's never takes one of them.
  const names = new Map(
    net.nodes.map(node => {
      const isNamedByOptions = isOutput(node) || node.kind === 'input';
      const output = isNamedByOptions ? outputName : writer.tensorName(node.name);
      return [node.name, { name: writer.nodeName(node.name), output }];
    }),
  );

  function place(node: NetworkNode, result: Value): Tensor {
    const { name, output } = names.get(node.name)!;
    return writer.append(asOperation(node === last && !opaque ? flattened(result) : result), name, output);
  }

  const values = walk<Tensor>(net, {
    input: node => (node === last ? place(node, input) : input),
    affine: (node, [x]) => place(node, affineOperation(node, x)),
    activation: (node, [x]) => place(node, activationOperation(node, x)),
    sum: (node, inputs) => place(node, sumOperation(node, inputs)),
    concat: (node, inputs) => place(node, concatOperation(inputs)),
    max: (node, [x]) => place(node, maxOperation(node, x)),
    clamp: (node, inputs) => place(node, clampOperation(inputs)),
    opaque: node => opaque ?? UNRESOLVED.opaque(node),
  });
  return values.get(last.name)!;
}
