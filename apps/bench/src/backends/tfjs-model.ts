import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type BenchCase, inputSizeOf, type ModelSpec } from '../cases/case.js';
import { LEAK, layerWeights } from '../cases/seeded.js';

/** The case's model with its seeded weights. */
export function tfjsModel({ model: spec, seed }: BenchCase): tfl.Sequential {
  const model = tfl.sequential({ layers: spec.kind === 'dense' ? denseLayers(spec) : convLayers(spec) });
  model.layers
    .filter(layer => layer.weights.length > 0)
    .forEach((layer, i) => {
      const shape = layer.weights[0].shape as number[];
      const outSize = shape.at(-1)!;
      const inSize = shape.slice(0, -1).reduce((product, size) => product * size, 1);
      const { kernel, bias } = layerWeights(inSize, outSize, seed, i);
      const tensors = [tf.tensor(kernel, shape), tf.tensor(bias)];
      layer.setWeights(tensors);
      tf.dispose(tensors);
    });
  return model;
}

/** Zeros, as seeded weights follow. */
const EMPTY = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

const leaky = () => tfl.layers.leakyReLU({ alpha: LEAK });

function denseLayers({ size, depth, width }: Extract<ModelSpec, { kind: 'dense' }>): tfl.layers.Layer[] {
  const hidden = Array.from({ length: depth }, (_, i) => [
    tfl.layers.dense({ units: width, ...EMPTY, ...(i === 0 ? { inputShape: [size] } : {}) }),
    leaky(),
  ]);
  return [...hidden.flat(), tfl.layers.dense({ units: 1, ...EMPTY })];
}

function convLayers({ side, channels }: Extract<ModelSpec, { kind: 'conv' }>): tfl.layers.Layer[] {
  const hidden = channels.map((filters, i) => [
    tfl.layers.conv2d({
      filters,
      kernelSize: 3,
      padding: 'same',
      ...EMPTY,
      ...(i === 0 ? { inputShape: [side, side, 1] } : {}),
    }),
    leaky(),
  ]);
  return [...hidden.flat(), tfl.layers.flatten(), tfl.layers.dense({ units: 1, ...EMPTY })];
}

/** Rows `[n, D]` in the shape that the model takes. */
export function rowsFor({ model }: BenchCase, data: Float32Array): tf.Tensor {
  const rows = data.length / inputSizeOf(model);
  return model.kind === 'dense'
    ? tf.tensor2d(data, [rows, model.size])
    : tf.tensor4d(data, [rows, model.side, model.side, 1]);
}
