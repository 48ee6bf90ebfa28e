import {
  type Dense,
  dense,
  foldShifts,
  identity,
  type Network,
  type NetworkNode,
  network,
  PoliceError,
} from '@police/core';
import { type AffineNode, assertFinite, inputsOf } from '@police/core/adapter';
import { type Block, type FlatLayer, type FlatNetwork, layerName } from './flat-network.js';
import { type SquashMeanings, squashMeaning } from './squash.js';

/**
 * As a core network. Nodes are named after the layers, `hidden0`, `hidden0_relu`, …, `output`; a layer with several
 * sources reads a node `hidden1_inputs`.
 */
export function networkOf({ inputSize, layers }: FlatNetwork): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'input', size: inputSize }];
  const values = ['input']; // name of each layer's output, the input's first
  for (const layer of layers) {
    const sources = layer.blocks.map(({ source }) => values[source]);
    const isOne = sources.length === 1;
    if (!isOne) nodes.push({ kind: 'concat', name: `${layer.name}_inputs`, inputs: sources });
    const input = isOne ? sources[0] : `${layer.name}_inputs`;
    nodes.push({ kind: 'affine', name: layer.name, input, operator: denseOf(layer) });
    values.push(activationNode(nodes, layer));
  }
  return network(nodes);
}

/** Adds the layer's activation, if it is one, and gives the name of its output. */
function activationNode(nodes: NetworkNode[], { name, activation }: FlatLayer): string {
  if (activation.name === 'identity') return name;
  const own = `${name}_${activation.name}`;
  nodes.push({ kind: 'activation', name: own, input: name, activation });
  return own;
}

/** Throws `not-finite` naming the layer. */
function denseOf({ name, units, bias, blocks }: FlatLayer): Dense {
  assertFinite(bias, `${name} bias`);
  for (const { weights } of blocks) assertFinite(weights, `${name} weights`);

  const cols = blocks.reduce((sum, { sourceSize }) => sum + sourceSize, 0);
  const data = new Float64Array(units * cols);
  let start = 0;
  for (const { sourceSize, weights } of blocks) {
    for (let j = 0; j < units; j++)
      data.set(weights.subarray(j * sourceSize, (j + 1) * sourceSize), j * cols + start);
    start += sourceSize;
  }
  return dense({ rows: units, cols, data }, bias);
}

/** A layer being read, and the node its output is. */
interface Reading {
  readonly affine: AffineNode;
  activation?: FlatLayer['activation'];
  output: string;
}

/**
 * Reads a core network of dense layers, each with at most one activation and fed by one or several earlier layers (a
 * concat node). Shifts are folded into biases.
 *
 * Throws `unsupported-layer` or `unsupported-activation`, naming the node.
 */
export function flatOf(net: Network, meanings: SquashMeanings): FlatNetwork {
  const { nodes, sizes, inputSize } = foldShifts(net);
  const layers: Reading[] = [];
  const concats = new Map<string, readonly string[]>();
  for (const node of nodes.slice(1)) {
    if (node.kind === 'affine') layers.push({ affine: node, output: node.name });
    else if (node.kind === 'concat') concats.set(node.name, node.inputs);
    else if (node.kind === 'activation') {
      const owner = layers.find(({ output }) => output === node.input);
      const readers = nodes.filter(other => inputsOf(other).includes(node.input)).length;
      if (!owner || owner.activation || node.shift || readers > 1) {
        throw unsupported(node.name, 'one activation right after a dense layer', `one after '${node.input}'`);
      }
      owner.activation = node.activation;
      owner.output = node.name;
    } else throw unsupported(node.name, 'dense layers, activations and concatenations', node.kind);
  }
  if (layers.at(-1)?.output !== nodes.at(-1)!.name) {
    throw unsupported(nodes.at(-1)!.name, 'a dense layer or its activation last', nodes.at(-1)!.kind);
  }
  const values = [nodes[0].name, ...layers.map(({ output }) => output)];
  const sourcesOf = (name: string): number[] =>
    (concats.get(name) ?? [name]).map(part => values.indexOf(part));
  return {
    inputSize,
    layers: layers.map(({ affine, activation }, l) => {
      const name = layerName(l, layers.length);
      const meaning = activation ?? identity();
      const sources = sourcesOf(affine.input);
      if (sources.includes(-1) || new Set(sources).size < sources.length) {
        throw unsupported(affine.name, 'a layer fed by different earlier layers', `'${affine.input}'`);
      }
      const parts = sources.map(source => ({ source, sourceSize: sizes.get(values[source])! }));
      return {
        name,
        units: affine.operator.outSize,
        bias: affine.operator.bias.slice(),
        blocks: blocksOf(affine, parts),
        squash: squashMeaning(meaning, meanings, affine.name),
        activation: meaning,
      };
    }),
  };
}

function blocksOf({ name, operator }: AffineNode, parts: readonly Omit<Block, 'weights'>[]): Block[] {
  const { kind, weight } = operator as Partial<Dense>;
  if (kind !== 'dense' || !weight) throw unsupported(name, 'a dense layer', 'another operator');
  const { rows, cols, data } = weight;
  let start = 0;
  return parts.map(({ source, sourceSize }) => {
    const weights = new Float64Array(rows * sourceSize);
    for (let j = 0; j < rows; j++) {
      weights.set(data.subarray(j * cols + start, j * cols + start + sourceSize), j * sourceSize);
    }
    start += sourceSize;
    return { source, sourceSize, weights };
  });
}

function unsupported(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected,
    actual,
    remedy:
      "What core's fade and patch make of (leaky) ReLU layers becomes such layers by plainChain(network, regions); write others as ONNX: exportOnnx(network).",
  });
}
