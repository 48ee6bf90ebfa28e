import { leakyRelu, prelu } from '@police/core';
import { activationByName } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { type ActivationFunction, functionByName, headByName } from './activation-functions.js';
import type { GraphBuilder } from './builder.js';
import { type ActivationNode, type Shape, sizeOf } from './node.js';
import { fieldsOf } from './values.js';

type Layer = layers.Layer;

/** Adds the function that a layer has as an option, or is; `linear` adds nothing. */
export function addNamedActivation(
  builder: GraphBuilder,
  input: number,
  { activation, name, layer }: { activation: string; name: string; layer: string },
): number {
  if (activation === 'linear') return input;
  const head = builder.isLast ? headByName(activation) : undefined;
  if (head) {
    builder.addHead(head);
    return input;
  }
  return addActivation(builder, input, {
    name,
    layer,
    ...functionByName(activation, layer, builder.epsilon),
  });
}

/** The activation that a layer with weights has as an option. */
export function addOwnActivation(builder: GraphBuilder, input: number, layer: Layer): number {
  const { activation } = layer.getConfig();
  return addNamedActivation(builder, input, {
    activation: `${activation ?? 'linear'}`,
    name: activationName(layer.name),
    layer: layer.name,
  });
}

/** Name of the node of an activation that a layer has as an option. */
export const activationName = (layer: string): string => `${layer}_activation`;

function addActivation(
  builder: GraphBuilder,
  input: number,
  { name, layer, description, apply }: ActivationFunction & { name: string; layer: string },
): number {
  const shape = builder.shapeOf(input);
  const node: Omit<ActivationNode, 'inputs'> = {
    kind: 'activation',
    name,
    layer,
    shape,
    apply,
    describe: () => description,
    variables: [],
  };
  return builder.add(node, input);
}

export function readActivationLayer(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { name } = layer;
  return addNamedActivation(builder, input, {
    activation: `${layer.getConfig().activation}`,
    name,
    layer: name,
  });
}

export function readSoftmax(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  if (builder.isLast) {
    builder.addHead(x => layer.call(x, {}) as tf.Tensor);
    return input;
  }
  return addNamedActivation(builder, input, { activation: 'softmax', name: layer.name, layer: layer.name });
}

export function readRelu(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { maxValue } = layer.getConfig();
  const { name } = layer;
  const isPlain = maxValue === undefined || maxValue === null;
  if (isPlain || maxValue === 6) {
    return addNamedActivation(builder, input, { activation: isPlain ? 'relu' : 'relu6', name, layer: name });
  }
  const max = Number(maxValue);
  return addActivation(builder, input, {
    name,
    layer: name,
    description: activationByName('clip', { min: 0, max: Math.fround(max) }, name),
    apply: x => tf.clipByValue(x, 0, max),
  });
}

export function readLeakyRelu(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const alpha = Number(layer.getConfig().alpha);
  const { name } = layer;
  return addActivation(builder, input, {
    name,
    layer: name,
    description: leakyRelu(Math.fround(alpha)), // as kernels of float32 take it
    apply: x => tf.leakyRelu(x, alpha),
  });
}

export function readElu(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  return addNamedActivation(builder, input, { activation: 'elu', name: layer.name, layer: layer.name });
}

export function readAbs(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { name } = layer;
  return addActivation(builder, input, {
    name,
    layer: name,
    description: activationByName('abs'),
    apply: x => tf.abs(x),
  });
}

export function readHardTanh(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { name } = layer;
  return addActivation(builder, input, {
    name,
    layer: name,
    description: activationByName('hardTanh'),
    apply: x => tf.clipByValue(x, -1, 1),
  });
}

/** `alpha` has the layer's shape, with size 1 along shared axes. */
export function readPrelu(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { alpha } = fieldsOf<{ alpha: LayerVariable }>(layer);
  const shape = builder.shapeOf(input);
  const node: Omit<ActivationNode, 'inputs'> = {
    kind: 'activation',
    name: layer.name,
    layer: layer.name,
    shape,
    apply: x => tf.prelu(x, alpha.read()),
    describe: order => {
      const values = spread(alpha, shape);
      return prelu(order ? Float32Array.from(order, from => values[from]) : values);
    },
    alpha: () => tf.broadcastTo(alpha.read(), [...shape]),
    variables: [alpha],
  };
  return builder.add(node, input);
}

/** One value per unit. */
function spread(alpha: LayerVariable, shape: Shape): Float32Array {
  if (sizeOf(alpha.shape as number[]) === sizeOf(shape)) return alpha.read().dataSync() as Float32Array;
  const wide = tf.broadcastTo(alpha.read(), [...shape]);
  const values = wide.dataSync() as Float32Array;
  wide.dispose();
  return values;
}
