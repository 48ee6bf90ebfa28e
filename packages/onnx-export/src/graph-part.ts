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
  /**
   * What the network's opaque node stands for.
   * @defaultValue none: the network has no such node
   */
  readonly value?: PartTensor;
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
 * What a network computes, as nodes for another graph; beyond its one opaque node where `value` is given, the values of that node, which the
 * graph has already. The operators are those of `exportOnnx`, all in operator set 8; the output has the shape of `value`, or is flat.
 *
 * Throws `not-frozen` (a parameter that is no float32 value), `unsupported-layer` or `invalid-network` (not one opaque node, or one too many).
 */
export function graphPart(net: Network, { input, value, outputName, taken }: PartOptions): GraphPart {
  const opaque = net.nodes.filter(({ kind }) => kind === 'opaque');
  const wanted = value ? 1 : 0;
  if (opaque.length !== wanted) {
    throw new PoliceError({
      code: 'invalid-network',
      where: 'graphPart',
      expected: value ? 'one opaque node, which stands for the values that are there' : 'no opaque node',
      actual: `${opaque.length}`,
    });
  }
  const writer = new GraphWriter([...taken, outputName], taken);
  writeNodes(net, writer, {
    input: { kind: 'tensor', ...input },
    ...(value ? { opaque: { kind: 'tensor' as const, ...value } } : {}),
    outputName,
    isOutput: node => node === net.nodes.at(-1),
  });
  return { nodes: writer.nodes, initializers: writer.initializers };
}
