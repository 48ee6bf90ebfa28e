import { type AffineOperator, foldShifts, type Network, type NetworkNode, PoliceError } from '@police/core';
import { inputsOf } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { type Format, tensorOf } from '../arrays.js';
import { type Model, modelOf } from '../model.js';
import { activationNode } from '../nodes/activation.js';
import { type ConvGeometry, convNode } from '../nodes/conv.js';
import { denseNode } from '../nodes/dense.js';
import { INPUT, type Node, type NodeParams, type Params } from '../nodes/node.js';
import { averagePoolNode, maxNode } from '../nodes/pool.js';
import { clampNode, concatNode, reshapeNode, scaleNode, sumNode } from '../nodes/shape.js';

/** A model and its parameters. */
export interface Trained {
  readonly model: Model;
  readonly params: Params;
}

/** Of `fromNetwork`: the format of the arrays, and the shape of rows. */
export interface FromNetworkOptions {
  /** @defaultValue 'float32' */
  readonly dtype?: Format | undefined;
  /**
   * The shape in which rows come.
   * @defaultValue flat
   */
  readonly inputShape?: readonly number[] | undefined;
}

/** Nodes and their arrays. */
interface Parts {
  readonly nodes: Node[];
  readonly params: Record<string, NodeParams>;
}

/**
 * A plain model of a core network, with its names: shifts in the biases, or where none can hold them as additions of their own. Throws
 * `unsupported-layer`, naming the layer, for what jax-js has no layer for here.
 */
export function fromNetwork(
  net: Network,
  { dtype = 'float32', inputShape }: FromNetworkOptions = {},
): Trained {
  const folded = foldShifts(net);
  const parts: Parts = { nodes: [], params: {} };
  const names = new Map<string, string>();
  const shape = inputShape ?? [net.inputSize];
  for (const node of folded.nodes) {
    if (node.kind === 'input') {
      names.set(node.name, addInput(parts, shape, net.inputSize));
      continue;
    }
    const inputs = inputsOf(node).map(name => ({ name: names.get(name)!, size: folded.sizes.get(name)! }));
    addNode(parts, node, inputs, dtype);
    names.set(node.name, node.name);
  }
  return { model: modelOf(shape, parts.nodes), params: parts.params };
}

/** Makes rows flat where they do not come so; the name of what the first nodes read. */
function addInput({ nodes }: Parts, shape: readonly number[], size: number): string {
  if (shape.length === 1) return INPUT;
  nodes.push(reshapeNode('flattened', INPUT, shape, [size]));
  return 'flattened';
}

interface Source {
  readonly name: string;
  readonly size: number;
}

function addNode(parts: Parts, node: NetworkNode, inputs: readonly Source[], dtype: Format): void {
  const { name } = node;
  const [{ name: input, size }] = inputs;
  switch (node.kind) {
    case 'affine':
      addAffine(parts, name, input, node.operator, dtype);
      return;
    case 'activation': {
      const from = node.shift ? `${name}.shift` : input;
      if (node.shift) addAffine(parts, from, input, operators.scale({ offset: node.shift }), dtype);
      parts.nodes.push(activationNode(name, from, [size], node.activation));
      const { slope } = node.activation.pieces[0];
      if (typeof slope !== 'number') parts.params[name] = { alpha: tensorOf(slope, [size], dtype) };
      return;
    }
    case 'max':
      parts.nodes.push(maxNode(name, input, size, node.windows, node.lifts));
      return;
    case 'sum':
      parts.nodes.push(
        sumNode(
          name,
          inputs.map(each => each.name),
          [size],
          node.coefficients,
        ),
      );
      return;
    case 'concat':
      parts.nodes.push(
        concatNode(
          name,
          inputs.map(each => each.name),
          inputs.map(each => each.size),
        ),
      );
      return;
    case 'clamp':
      parts.nodes.push(
        clampNode(
          name,
          inputs.map(each => each.name),
          [size],
        ),
      );
      return;
    default:
      throw unsupported(name, `a node of kind '${node.kind}'`);
  }
}

function addAffine(
  { nodes, params }: Parts,
  name: string,
  input: string,
  operator: AffineOperator,
  dtype: Format,
): void {
  const { inSize, outSize, bias } = operator;
  switch (operator.kind) {
    case 'dense': {
      const { data } = operator.weight;
      const w = new Float64Array(data.length);
      for (let j = 0; j < outSize; j++)
        for (let k = 0; k < inSize; k++) w[k * outSize + j] = data[j * inSize + k];
      nodes.push(denseNode(name, input, [inSize], outSize));
      params[name] = { w: tensorOf(w, [inSize, outSize], dtype), b: tensorOf(bias, [outSize], dtype) };
      return;
    }
    case 'conv': {
      const { weight, weightShape, biasGroups } = operator;
      const b = new Float64Array(weightShape[0]);
      biasGroups?.forEach((channel, j) => {
        b[channel] = bias[j];
      });
      nodes.push(convNode(name, input, [inSize], b.length, geometryOf(name, operator), true, true));
      params[name] = { w: tensorOf(weight.data, weightShape, dtype), b: tensorOf(b, [b.length], dtype) };
      return;
    }
    case 'scale': {
      const { factor, offset } = operator;
      nodes.push(scaleNode(name, input, operator));
      params[name] = {
        ...(factor ? { w: tensorOf(factor, [factor.length], dtype) } : {}),
        ...(offset ? { b: tensorOf(offset, [offset.length], dtype) } : {}),
      };
      return;
    }
    case 'sparse': {
      const { origin } = operator;
      if (origin?.kind === 'averagePool' && isPlainPool(origin)) {
        const geometry = {
          shape: imageOf(name, origin.shape),
          kernel: pair(origin.kernel),
          strides: pair(origin.strides),
        };
        nodes.push(averagePoolNode(name, input, [inSize], geometry, true));
        return;
      }
      throw unsupported(name, `an operator made by '${origin?.kind ?? 'sparse'}'`);
    }
    default:
      throw unsupported(name, `an operator of kind '${operator.kind}'`);
  }
}

const isPlainPool = ({ padding, dilations, ceilMode }: Required<operators.AveragePoolOptions>): boolean =>
  !ceilMode && padding.every(p => p === 0) && dilations.every(d => d === 1);

function geometryOf(
  name: string,
  { inShape, weightShape, strides, padding, dilations, groups }: operators.Conv,
): ConvGeometry {
  const [above, left, below, right] = padding;
  return {
    shape: imageOf(name, inShape),
    kernel: pair(weightShape.slice(2)),
    strides: pair(strides),
    padding: [above, left, below, right],
    dilations: pair(dilations),
    groups,
  };
}

function imageOf(name: string, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3) throw unsupported(name, 'an operator on one-dimensional signals');
  return [shape[0], shape[1], shape[2]];
}

const pair = ([first, second]: readonly number[]): [number, number] => [first, second];

const unsupported = (where: string, actual: string): PoliceError =>
  new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'dense, conv, averagePool without padding, scale, activations, max, sum or concat',
    actual,
    remedy: 'Run the network by core’s forward, or export it as ONNX.',
  });
