import type { Matrix } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';

/** The outputs `[n, outSize]` of a model at rows `[n, D]`, in float32. */
export function outputsOf(model: LayersModel, { rows, cols, data }: Matrix): Matrix {
  const y = tf.tidy(
    () =>
      model.predict(tf.tensor2d(Float32Array.from(data), [rows, cols]), { batchSize: rows }) as tf.Tensor2D,
  );
  const outputs = { rows, cols: y.shape[1], data: Float64Array.from(y.dataSync()) };
  y.dispose();
  return outputs;
}

/** What an optimizer changes. */
export const variablesOf = (model: LayersModel): tf.Variable[] => model.trainableWeights.map(variableOf);

/** Private to the type, not in fact. */
export const variableOf = (weight: LayerVariable): tf.Variable =>
  (weight as unknown as { val: tf.Variable }).val;
