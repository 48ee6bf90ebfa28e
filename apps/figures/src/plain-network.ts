import type { Dense, Network } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

/** A dense layer in float32. */
export interface DenseLayer {
  readonly inSize: number;
  readonly outSize: number;
  /** `[inSize, outSize]`. */
  readonly kernel: Float32Array;
  /** `[outSize]`. */
  readonly bias: Float32Array;
}

/** A frozen network as numbers: dense layers with leaky ReLUs between, and what a prescribed map adds to the outputs. */
export interface PlainNetwork {
  readonly leak: number;
  readonly layers: readonly DenseLayer[];
  /** Of the inputs. */
  readonly correction?: DenseLayer;
}

/** The parameters of a frozen network. Throws for one that has other affine layers than dense ones. */
export function plainNetwork({ nodes }: Network, leak: number): PlainNetwork {
  const [input] = nodes;
  const dense = nodes.flatMap(node => {
    if (node.kind !== 'affine') return [];
    if (node.operator.kind !== 'dense')
      throw new Error(`${node.name}: a figure's network has dense layers only, got another kind.`);
    return [{ ...node, operator: node.operator }];
  });
  const correction = dense.find((node, i) => i > 0 && node.input === input.name);
  return {
    leak,
    layers: dense.filter(node => node !== correction).map(({ operator }) => denseLayer(operator)),
    ...(correction ? { correction: denseLayer(correction.operator) } : {}),
  };
}

function denseLayer({ weight, bias }: Dense): DenseLayer {
  const { rows: outSize, cols: inSize, data } = weight;
  const kernel = Float32Array.from(data, (_, i) => data[(i % outSize) * inSize + Math.floor(i / outSize)]);
  return { inSize, outSize, kernel, bias: Float32Array.from(bias) };
}

/** The outputs `[n, outputs]` at `points` `[n, 2]`, in float32 as any runtime computes them. */
export function outputsAt(net: PlainNetwork, points: Float32Array): Float32Array {
  const outputs = tf.tidy(() => {
    const x = tf.tensor2d(points, [points.length / 2, 2]);
    const y = apply(net.layers.at(-1)!, hiddenValues(net, x).at(-1)?.after ?? x);
    return net.correction ? tf.add(y, apply(net.correction, x)) : y;
  });
  return valuesOf(outputs);
}

/** The pre-activations `[n, units]` of each hidden layer at `points` `[n, 2]`. */
export function preActivationsAt(net: PlainNetwork, points: Float32Array): Float32Array[] {
  const layers = tf.tidy(() => {
    const x = tf.tensor2d(points, [points.length / 2, 2]);
    return hiddenValues(net, x).map(({ before }) => before);
  });
  return layers.map(valuesOf);
}

/** A copy of the values; disposes of the tensor. Not to be returned from `tf.tidy`, which looks for tensors in it. */
function valuesOf(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>().slice();
  tensor.dispose();
  return values;
}

function hiddenValues(
  { layers, leak }: PlainNetwork,
  x: tf.Tensor2D,
): { before: tf.Tensor; after: tf.Tensor }[] {
  let last: tf.Tensor = x;
  return layers.slice(0, -1).map(layer => {
    const before = apply(layer, last);
    last = tf.leakyRelu(before, leak);
    return { before, after: last };
  });
}

function apply({ kernel, bias, inSize, outSize }: DenseLayer, x: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x as tf.Tensor2D, tf.tensor2d(kernel, [inSize, outSize])), tf.tensor1d(bias));
}
