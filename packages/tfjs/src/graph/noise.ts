import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from './builder.js';

/** Dropout and its like: random in training, the identity at inference. */
export function readNoise(layer: layers.Layer, [input]: readonly number[], builder: GraphBuilder): number {
  return builder.add(
    {
      kind: 'noise',
      name: layer.name,
      layer: layer.name,
      shape: builder.shapeOf(input),
      disturb: (x, training) => (training ? (layer.call(x, { training }) as tf.Tensor) : tf.clone(x)),
    },
    input,
  );
}
