import { type Network, PoliceError } from '@police/core';
import { writeNodes } from './graph.js';
import { GraphWriter } from './graph-writer.js';
import type { OnnxNode, OnnxTensor } from './onnx-proto.js';
import type { Shape } from './operation.js';

export type { OnnxAttribute, OnnxNode, OnnxTensor } from './onnx-proto.js';

/** A tensor `[batch, ...shape]` of the graph that a part is put into. */
export interface PartTensor {
  readonly name: string;
  readonly shape: Shape;
}

/** Of `graphPart`: the tensors that it reads, the one that it writes, and names that are taken. */
export interface PartOptions {
  /** The network's input: `[batch, inputSize]`. */
  readonly input: PartTensor;
  /** What the network's opaque node stands for. */
  readonly value: PartTensor;
  readonly outputName: string;
  /** Names of tensors and nodes that are taken. */
  readonly taken: readonly string[];
}

/** ONNX nodes, in the order to be run, and the constants that they read. */
export interface GraphPart {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
}

/**
 * What a network computes beyond its one opaque node, as nodes for another graph, which has that node's values already. The operators are
 * those of `exportOnnx`, all in operator set 8; the output has the shape of `value`.
 *
 * Throws `not-frozen` (a parameter that is no float32 value), `unsupported-layer` or `invalid-network` (not one opaque node).
 */
export function graphPart(net: Network, { input, value, outputName, taken }: PartOptions): GraphPart {
  const opaque = net.nodes.filter(({ kind }) => kind === 'opaque');
  if (opaque.length !== 1) {
    throw new PoliceError({
      code: 'invalid-network',
      where: 'graphPart',
      expected: 'one opaque node, which stands for the values that are there',
      actual: `${opaque.length}`,
    });
  }
  const writer = new GraphWriter([...taken, outputName], taken);
  writeNodes(net, writer, {
    input: { kind: 'tensor', ...input },
    opaque: { kind: 'tensor', ...value },
    outputName,
    isOutput: node => node === net.nodes.at(-1),
  });
  return { nodes: writer.nodes, initializers: writer.initializers };
}
