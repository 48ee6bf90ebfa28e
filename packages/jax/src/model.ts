import { numpy as np, random, tree } from '@jax-js/jax';
import { type Format, scalar, sizeOf, type Tensor, tensorOf } from './arrays.js';
import { activate } from './nodes/activate.js';
import type { LinearNode, MaxNode, Node, NodeParams, Parameter, Params } from './nodes/node.js';
import { constantLift, maximum } from './nodes/pool.js';
import { sumOf } from './nodes/shape.js';
import { type Handing, walk } from './nodes/walk.js';

/** A model as a pair of pure functions, and what it is made of. */
export interface Model {
  /** Of one row. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly nodes: readonly Node[];
  /**
   * Weights drawn from a normal distribution of variance 2 / inputs (He), biases 0.
   * @param key of `random.key`; used up
   */
  init(key: Tensor, options?: { readonly dtype?: Format }): Params;
  /** Rows `[..., ...inputShape]` to `[..., ...outputShape]`, of one row or of many. Uses up both, as jax-js does. */
  apply(params: Params, x: Tensor): Tensor;
}

export function modelOf(inputShape: readonly number[], nodes: readonly Node[]): Model {
  const outputShape = nodes.at(-1)?.shape ?? inputShape;
  return {
    inputShape,
    outputShape,
    nodes,
    init: (key, { dtype = 'float32' } = {}) => initialParams(nodes, key, dtype),
    apply: (params, x) => {
      const y = walk(nodes, x, (node, inputs) => applied(node, paramsOf(node, params), inputs), arrays);
      tree.dispose(params);
      return y;
    },
  };
}

/** How arrays are handed on. */
export const arrays: Handing<Tensor> = { share: value => value.ref, drop: value => value.dispose() };

const NO_PARAMS: NodeParams = {};

export const paramsOf = ({ name }: Pick<Node, 'name'>, params: Params): NodeParams =>
  params[name] ?? NO_PARAMS;

/** The format of the parameters; of a model without any, float32. */
export const dtypeOf = (params: Params): Tensor['dtype'] =>
  Object.values(params)
    .flatMap(node => Object.values(node))
    .at(0)?.dtype ?? np.float32;

/** One node without a constraint; what it reads is used up. */
export function applied(node: Node, params: NodeParams, inputs: readonly Tensor[]): Tensor {
  switch (node.kind) {
    case 'linear':
      return withBias(node, params, node.linear(params, inputs[0]));
    case 'activation':
      return activate(node.activation, params, inputs[0]);
    case 'max':
      return maximum(node, inputs[0], constantOf(node, inputs[0].dtype as Format));
    case 'sum':
      return sumOf(inputs, node.coefficients);
    case 'concat':
      return np.concatenate([...inputs], -1);
    case 'clamp':
      return held(inputs[0], inputs[1], inputs[2]);
  }
}

/** `max(min(value, centre + radius), centre − radius)`. */
const held = (value: Tensor, centre: Tensor, radius: Tensor): Tensor =>
  np.maximum(np.minimum(value, centre.ref.add(radius.ref)), centre.sub(radius));

const withBias = ({ bias }: LinearNode, params: NodeParams, y: Tensor): Tensor =>
  bias ? y.add(bias(params)) : y;

function constantOf(node: MaxNode, dtype: Format): Tensor | undefined {
  const lift = constantLift(node);
  return lift && tensorOf(lift, [lift.length / node.windowSize, node.windowSize], dtype);
}

function initialParams(nodes: readonly Node[], key: Tensor, dtype: Format): Params {
  const drawn = nodes.flatMap(({ parameters }) => parameters).filter(({ deviation }) => deviation);
  const keys = random.split(key, drawn.length + 1);
  const params: Record<string, NodeParams> = {};
  for (const { name, parameters } of nodes) {
    if (parameters.length === 0) continue;
    const make = (parameter: Parameter) =>
      initial(parameter, () => keys.ref.slice(drawn.indexOf(parameter)), dtype);
    params[name] = Object.fromEntries(parameters.map(parameter => [parameter.name, make(parameter)]));
  }
  keys.dispose();
  return params;
}

function initial({ shape, deviation = 0, fill = 0 }: Parameter, key: () => Tensor, dtype: Format): Tensor {
  if (deviation === 0) return tensorOf(new Float64Array(sizeOf(shape)).fill(fill), shape, dtype);
  return random
    .normal(key(), [...shape])
    .astype(np[dtype])
    .mul(scalar(deviation, dtype));
}
