import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { headByName } from '../graph/activation-functions.js';

type Layer = tfl.layers.Layer;
type Kwargs = Record<string, unknown>;

/** A model with its final softmax or sigmoid apart. */
export interface SplitModel {
  /** What comes before it, on rows `[n, ...shape]`. */
  body(x: tf.Tensor, kwargs: Kwargs): tf.Tensor;
  /** Absent where the model ends without one. */
  readonly head?: Head;
}

export interface Head {
  /** The layer that is it, or has it as an option. */
  readonly layer: Layer;
  apply(y: tf.Tensor): tf.Tensor;
}

/** Shares the layers of the model, which is left as it is. */
export function splitModel(model: tfl.LayersModel): SplitModel {
  const [output] = model.outputs;
  const { sourceLayer: layer, inputs } = output;
  const whole: SplitModel = { body: (x, kwargs) => run(model, x, kwargs) };
  if (inputs.length !== 1) return whole;
  if (layer instanceof tfl.LayersModel) {
    const inner = splitModel(layer);
    if (!inner.head) return whole;
    const before = upTo(model, inputs[0]);
    return { ...inner, body: (x, kwargs) => inner.body(before(x, kwargs), kwargs) };
  }
  const head = headOf(layer);
  if (!head) return whole;
  const before = upTo(model, inputs[0]);
  if (!hasWeights(layer)) return { body: before, head };
  const linear = withoutActivation(layer);
  return { body: (x, kwargs) => run(linear, before(x, kwargs), kwargs), head };
}

/** The layer whose activation is a model's final softmax or sigmoid, if it has one. */
export function headOf(layer: Layer): Head | undefined {
  if (layer.getClassName() === 'Softmax') return { layer, apply: y => layer.call(y, {}) as tf.Tensor };
  const apply = headByName(`${layer.getConfig().activation}`);
  return apply && { layer, apply };
}

/** A layer that is no more than its activation has none. */
export const hasWeights = (layer: Layer): boolean => layer.weights.length > 0;

/** A model's layers up to one of its tensors. */
function upTo({ inputs }: tfl.LayersModel, tensor: tfl.SymbolicTensor): SplitModel['body'] {
  if (tensor === inputs[0]) return x => x;
  const before = tfl.model({ inputs, outputs: tensor });
  return (x, kwargs) => run(before, x, kwargs);
}

/** A layer's or a model's one output. */
function run(layer: Layer, x: tf.Tensor, kwargs: Kwargs): tf.Tensor {
  const y = layer.call(x, kwargs);
  return Array.isArray(y) ? y[0] : y;
}

/** The same layer, with the same weights, but without what comes after its product. */
function withoutActivation(layer: Layer): Layer {
  const { activation } = tfl.layers.activation({ activation: 'linear' }) as unknown as {
    activation: unknown;
  };
  return Object.create(layer, { activation: { value: activation } }) as Layer;
}
