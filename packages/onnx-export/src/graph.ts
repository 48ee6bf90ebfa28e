import type { Network, NetworkNode } from '@police/core';
import { walk } from '@police/core/adapter';
import { activationOperation } from './activation.js';
import { affineOperation } from './affine/index.js';
import { concatOperation } from './concat.js';
import { maxOperation } from './max.js';
import { uniqueNames } from './names.js';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnx-proto.js';
import {
  asOperation,
  type Constant,
  flattened,
  type Operation,
  type Source,
  type Tensor,
  type Value,
} from './operation.js';
import type { GraphNames } from './options.js';
import { sumOperation } from './sum.js';

/**
 * Node by node. The operator that computes a core node's values has its name, and so has the tensor (the last one the
 * output's name); operators before that one are `node.OpType`, constants `node.role`, as in `affine_1.weight`. A name
 * already taken gets a number appended.
 *
 * Every tensor keeps the shape its operator gave it; a consumer that needs another one reshapes it, once for all
 * consumers that need the same.
 *
 * Throws `not-frozen` or `unsupported-layer`, naming the node.
 */
export function onnxGraph(net: Network, { inputName, outputName, graphName }: GraphNames): OnnxGraph {
  const nodeName = uniqueNames();
  const tensorName = uniqueNames([inputName, outputName]);
  // Core's names come first, so that a name derived from another node's never takes one of them.
  const last = net.nodes.at(-1)!;
  const names = new Map(
    net.nodes.map(node => {
      const isNamedByOptions = node === last || node.kind === 'input';
      const output = isNamedByOptions ? outputName : tensorName(node.name);
      return [node.name, { owner: nodeName(node.name), output }];
    }),
  );
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  /** Reshaped tensors by what they are, so that consumers share them. */
  const views = new Map<string, string>();

  function initializer(owner: string, { role, dims, values }: Constant): string {
    const name = tensorName(`${owner}.${role}`);
    initializers.push({ name, dims, values });
    return name;
  }

  function append(
    owner: string,
    { opType, inputs, attributes }: Operation,
    name: string,
    output: string,
  ): void {
    const sources = inputs.map(source => nameOf(owner, source));
    nodes.push({ opType, name, inputs: sources, output, attributes });
  }

  function nameOf(owner: string, source: Source): string {
    switch (source.kind) {
      case 'absent':
        return '';
      case 'tensor':
        return source.name;
      case 'constant':
        return initializer(owner, source);
      case 'operation': {
        const view = viewKey(source);
        const known = view === undefined ? undefined : views.get(view);
        if (known !== undefined) return known;
        const name = nodeName(`${owner}.${source.opType}`);
        const output = tensorName(name);
        append(owner, source, name, output);
        if (view !== undefined) views.set(view, output);
        return output;
      }
    }
  }

  function place(node: NetworkNode, result: Value): Tensor {
    const { owner, output } = names.get(node.name)!;
    const placed = asOperation(node === last ? flattened(result) : result);
    append(owner, placed, owner, output);
    return { kind: 'tensor', name: output, shape: placed.shape };
  }

  walk<Tensor>(net, {
    input: node => {
      const input: Tensor = { kind: 'tensor', name: inputName, shape: [node.size] };
      return node === last ? place(node, input) : input;
    },
    affine: (node, [x]) => place(node, affineOperation(node, x)),
    activation: (node, [x]) => place(node, activationOperation(node, x)),
    sum: (node, inputs) => place(node, sumOperation(node, inputs)),
    concat: (node, inputs) => place(node, concatOperation(inputs)),
    max: (node, [x]) => place(node, maxOperation(node, x)),
  });
  return {
    name: graphName,
    nodes,
    initializers,
    input: { name: inputName, size: net.inputSize },
    output: { name: outputName, size: net.outputSize },
  };
}

/** What tells one reshape of a tensor from another; undefined for any other operation. */
function viewKey({ opType, inputs: [from], shape }: Operation): string | undefined {
  const isView = (opType === 'Flatten' || opType === 'Reshape') && from.kind === 'tensor';
  return isView ? JSON.stringify([from.name, shape]) : undefined;
}
