import { foldShifts, type Network, type NetworkNode, PoliceError } from '@police/core';
import type { ActivationNode } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { abs, hardTanh } from './activation-layers.js';

type Layer = tfl.layers.Layer;

/**
 * A chain of dense layers and piecewise-affine activations as a Sequential, nodes named alike. Shifts are folded into
 * biases, weights rounded to float32: of a frozen network nothing changes.
 *
 * Throws `unsupported-layer` for other nodes and for a shift that no bias holds, `unsupported-activation` for activations that
 * tfjs-layers has not.
 */
export function fromNetwork(net: Network): tfl.Sequential {
  const [input, ...nodes] = foldShifts(net).nodes;
  const inputShape = [net.inputSize];
  const model = tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape, name: input.name })] });
  nodes.forEach((node, i) => {
    const before = i === 0 ? input.name : nodes[i - 1].name;
    model.add(layerOf(node, before));
    writeWeights(model.layers[model.layers.length - 1], node);
  });
  return model;
}

function layerOf(node: NetworkNode, before: string): Layer {
  if (node.kind === 'activation' && node.input === before && !node.shift) return activationLayer(node);
  if (node.kind === 'affine' && node.input === before && node.operator.kind === 'dense') {
    return tfl.layers.dense({ name: node.name, units: node.operator.outSize });
  }
  const isShifted = node.kind === 'activation' && node.shift !== undefined;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: node.name,
    expected: 'a chain of dense layers and activations',
    actual: isShifted ? 'a shift that no bias before it can hold' : `a node of kind ${node.kind}`,
    remedy: 'Build the model in TensorFlow.js and constrain it there, or export the network to ONNX.',
  });
}

/** Of a layer that is built. */
function writeWeights(layer: Layer, node: NetworkNode): void {
  tf.tidy(() => {
    if (node.kind === 'affine' && node.operator.kind === 'dense') {
      const { weight, bias } = node.operator;
      const kernel = tf.transpose(tf.tensor2d(Float32Array.from(weight.data), [weight.rows, weight.cols]));
      layer.setWeights([kernel, tf.tensor1d(Float32Array.from(bias))]);
    } else if (node.kind === 'activation' && node.activation.name === 'prelu') {
      layer.setWeights([tf.tensor1d(Float32Array.from(node.activation.pieces[0].slope as Float64Array))]);
    }
  });
}

function activationLayer({ name, activation }: ActivationNode): Layer {
  const { pieces, alpha } = activation;
  const [{ slope, offset }] = pieces;
  switch (activation.name) {
    case 'identity':
      return tfl.layers.activation({ name, activation: 'linear' });
    case 'relu':
      return tfl.layers.reLU({ name });
    case 'relu6':
      return tfl.layers.reLU({ name, maxValue: 6 });
    case 'clip':
      if (offset === 0) return tfl.layers.reLU({ name, maxValue: pieces[2].offset });
      break;
    case 'leakyRelu':
      return tfl.layers.leakyReLU({ name, alpha: slope as number });
    case 'prelu':
      return tfl.layers.prelu({ name });
    case 'abs':
      return abs({ name });
    case 'hardTanh':
      return hardTanh({ name });
    case 'elu':
      if (alpha === 1) return tfl.layers.elu({ name });
      break;
    case 'selu':
      return tfl.layers.activation({ name, activation: 'selu' });
  }
  throw new PoliceError({
    code: 'unsupported-activation',
    where: name,
    expected: 'an activation that tfjs-layers has',
    actual: activation.name,
    remedy: 'Use a ReLU, leaky ReLU, PReLU, abs, hard tanh, ELU or SELU.',
  });
}
