import {
  type Activation,
  type Dense,
  float32,
  foldShifts,
  type Network,
  type NetworkNode,
  PoliceError,
} from '@police/core';
import { isRepresentable } from '@police/core/adapter';
import { NeuralNetwork } from 'brain.js';
import type { AnyNetwork, NetData } from './flat-layer.js';

interface Layer {
  readonly operator: Dense;
  readonly activation: Activation;
}

/**
 * A plain NeuralNetwork with a network's weights: dense layers, each followed by the same one of brain.js's activations. Options,
 * training options and lookups come from `like`. What core's `fade` makes of a network of ReLUs is one by core's `plainChain`.
 *
 * Throws `unsupported-layer` (any other graph), `unsupported-activation`, `invalid-option` (a slope that brain.js does
 * not take) or `not-frozen` (a parameter that is no float32 value).
 */
export function fromNetwork<InputType extends NetData = NetData, OutputType extends NetData = NetData>(
  network: Network,
  like?: AnyNetwork,
): NeuralNetwork<InputType, OutputType> {
  const folded = foldShifts(network);
  if (!isRepresentable(folded, float32)) {
    throw new PoliceError({
      code: 'not-frozen',
      where: 'fromNetwork',
      expected: 'float32 parameters',
      actual: 'some that are not',
      remedy: "Call core's freeze(network, regions) first.",
    });
  }
  const layers = layersOf(folded);
  const net = new NeuralNetwork<InputType, OutputType>({
    ...like?.trainOpts,
    ...activationOptions(layers.map(({ activation }) => activation)),
  });
  const sizes = [folded.inputSize, ...layers.map(({ operator }) => operator.outSize)];
  net.options = {
    ...(like?.options ?? { ...net.options, hiddenLayers: sizes.slice(1, -1) }),
    inputSize: sizes[0],
    outputSize: sizes[sizes.length - 1],
  };
  net.sizes = sizes;
  net.initialize();
  layers.forEach(({ operator: { weight, bias } }, l) => {
    net.biases[l + 1].set(bias);
    net.weights[l + 1].forEach((row, j) => {
      row.set(weight.data.subarray(j * weight.cols, (j + 1) * weight.cols));
    });
  });
  if (like) copyFormat(like, net);
  return net;
}

function copyFormat(from: AnyNetwork, to: AnyNetwork): void {
  to.inputLookup = from.inputLookup && { ...from.inputLookup };
  to.inputLookupLength = from.inputLookupLength;
  to.outputLookup = from.outputLookup && { ...from.outputLookup };
  to.outputLookupLength = from.outputLookupLength;
}

function layersOf({ nodes }: Network): Layer[] {
  const layers: Layer[] = [];
  let input = nodes[0].name;
  for (let i = 1; i < nodes.length; i += 2) {
    const node = nodes[i];
    const next: NetworkNode | undefined = nodes[i + 1];
    if (node.kind !== 'affine' || node.operator.kind !== 'dense' || node.input !== input) {
      throw unsupported(node.name, 'a dense layer', node.kind);
    }
    if (next?.kind !== 'activation' || next.input !== node.name || next.shift) {
      throw unsupported(next?.name ?? 'the output', `an activation after ${node.name}`, next?.kind ?? 'none');
    }
    layers.push({ operator: node.operator, activation: next.activation });
    input = next.name;
  }
  if (layers.length === 0) throw unsupported('network', 'at least one dense layer', 'none');
  return layers;
}

/** What holds the others. */
const CHAINS =
  "Faded and patched networks of ReLUs, also in the last layer, become such chains by core's plainChain(network, regions); write others as ONNX: exportOnnx(network).";

function unsupported(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected,
    actual,
    remedy: `brain.js applies one activation after every dense layer, the last included. ${CHAINS}`,
  });
}

/** brain.js has one activation for all layers. */
function activationOptions(activations: readonly Activation[]): {
  activation: 'relu' | 'leaky-relu' | 'sigmoid' | 'tanh';
  leakyReluAlpha?: number;
} {
  const [first] = activations;
  const { name } = first;
  const [{ slope }] = first.pieces;
  const other = activations.find(each => each.name !== name || each.pieces[0].slope !== slope);
  if (other || (name !== 'relu' && name !== 'leakyRelu' && name !== 'sigmoid' && name !== 'tanh')) {
    throw new PoliceError({
      code: 'unsupported-activation',
      where: 'fromNetwork',
      expected: 'relu, sigmoid, tanh, or leakyRelu of one slope, after every layer',
      actual: other ? `${name} and ${other.name}` : name,
      remedy: `brain.js has one activation for all layers. ${CHAINS}`,
    });
  }
  if (name !== 'leakyRelu') return { activation: name };
  if (typeof slope === 'number' && slope > 0 && slope < 1) {
    return { activation: 'leaky-relu', leakyReluAlpha: slope };
  }
  throw new PoliceError({
    code: 'invalid-option',
    where: 'leakyReluAlpha',
    expected: 'a slope between 0 and 1',
    actual: `${slope}`,
  });
}
