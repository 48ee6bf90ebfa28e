import type { AffineOperator, Gap } from '@police/core';
import { ifKind } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { sizeOf } from '../graph/node.js';
import { writeFlat, writePermuted } from '../graph/values.js';

type Tensor = tfl.SymbolicTensor;

/** A gap as layers that every TensorFlow.js has, on rows `[n, D]`. */
export function gapLayers({ network }: Gap, input: Tensor, named: (name: string) => string): Tensor {
  const values = new Map([[network.nodes[0].name, input]]);
  const at = (name: string) => values.get(name)!;
  for (const node of network.nodes.slice(1)) {
    const name = named(node.name);
    const value = ifKind<Tensor>(
      {
        affine: ({ input: from, operator }) => affineLayer(operator, at(from), name),
        activation: ({ input: from }) => tfl.layers.reLU({ name }).apply(at(from)) as Tensor,
        concat: ({ inputs }) => tfl.layers.concatenate({ name }).apply(inputs.map(at)) as Tensor,
        sum: ({ inputs, coefficients }) => {
          const terms = inputs.map((from, i) => times(coefficients?.[i] ?? 1, at(from), `${name}_${i}`));
          return tfl.layers.add({ name }).apply(terms) as Tensor;
        },
      },
      node,
    );
    values.set(node.name, value!);
  }
  return at(network.nodes.at(-1)!.name);
}

function affineLayer(operator: AffineOperator, input: Tensor, name: string): Tensor {
  const { bias } = operator;
  if (operator.kind === 'dense') return denseLayer(operator.weight, bias, input, name);
  const factor = (operator as { factor?: Float64Array }).factor ?? bias.map(() => 1);
  return scaleLayer(factor, bias, input, name);
}

const times = (factor: number, input: Tensor, name: string): Tensor => {
  if (factor === 1) return input;
  const size = sizeOf(input.shape.slice(1) as number[]);
  return scaleLayer(new Float64Array(size).fill(factor), new Float64Array(size), input, name);
};

/** Batch normalisation of mean 0, variance 1 and epsilon 0 is its factor and offset. */
function scaleLayer(factor: Float64Array, offset: Float64Array, input: Tensor, name: string): Tensor {
  const layer = tfl.layers.batchNormalization({ name, epsilon: 0 });
  const output = layer.apply(input) as Tensor;
  const [gamma, beta] = layer.weights; // the others are 0 and 1 from the start
  writeFlat(gamma, factor);
  writeFlat(beta, offset);
  return output;
}

/** `x weightᵀ + bias`, weight `[out, in]`; without a bias where none is given. */
export function denseLayer(
  weight: { readonly rows: number; readonly cols: number; readonly data: Float64Array },
  bias: Float64Array | undefined,
  input: Tensor,
  name: string,
): Tensor {
  const layer = tfl.layers.dense({ name, units: weight.rows, useBias: bias !== undefined });
  const output = layer.apply(input) as Tensor;
  writePermuted(layer.weights[0], weight.data, [1, 0]);
  if (bias) writeFlat(layer.weights[1], bias);
  return output;
}
