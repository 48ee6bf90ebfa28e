import type { Matrix } from '@police/core';
import { conformance, patchConformance } from '@police/testing/conformance';
import {
  constrain,
  freeze,
  fromNetwork,
  type PatchedModel,
  type PatchLayer,
  type PolicedModel,
  policedLayerOf,
  toNetwork as read,
} from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  FLOAT32_ROUNDOFF,
  float32Bound,
  innerOf,
  type LayerKind,
  layerKinds,
  makeModel,
  predict,
  toTensor,
} from './helpers.js';

/** The laws of the adapter contract, on the backend in use. */
export function tfjsConformance(
  activations: readonly LayerKind[],
  modes: readonly ('shift' | 'project')[] = ['shift', 'project'],
): void {
  conformance<tfl.LayersModel, PolicedModel>('tfjs', {
    activations,
    modes,
    refused: ['sigmoid', 'tanh', 'softplus', 'swish'],
    roundoff: FLOAT32_ROUNDOFF,
    makeModel: ({ widths, activation, seed, weight }) => {
      const model = isConstrainable(activation)
        ? makeModel(widths, activation, seed)
        : withActivation(makeModel(widths, 'relu', seed), activation);
      if (weight !== undefined) fillWeights(model, weight);
      return model;
    },
    spoil: model => {
      const [kernel, ...rest] = model.getWeights();
      model.setWeights([tf.mul(kernel, Number.NaN), ...rest]);
    },
    weightsOf: model => model.getWeights(true).flatMap(weight => Array.from(weight.dataSync())),
    run: predict,
    read,
    constrain,
    raw: policed => {
      policedLayerOf(policed).project();
      return read(innerOf(policed));
    },
    shifts: policed => policed.shifts,
    sides: policed => policed.sides,
    train,
    freeze,
    write: fromNetwork,
  });
}

/** The laws of the method `patch`, around any activation of the framework. */
export function tfjsPatchConformance(activations: readonly string[]): void {
  patchConformance<tfl.LayersModel, PatchedModel>('tfjs', {
    activations,
    makeModel: ({ widths, activation, seed }) => withActivation(makeModel(widths, 'relu', seed), activation),
    constrain,
    run: predict,
    runInner: ({ layers }, x) => predict((layers.at(-1) as PatchLayer).inner, x),
    read,
    maps: patched => patched.maps,
    train,
    freeze,
    bound: float32Bound,
  });
}

async function train(
  policed: tfl.LayersModel,
  x: Matrix,
  targets: Matrix,
  afterStep: () => void,
): Promise<void> {
  policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  await policed.fit(toTensor(x), toTensor(targets), {
    epochs: 2,
    batchSize: 1,
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never',
    callbacks: { onBatchEnd: async () => afterStep() },
  });
}

/** Makes every weight the same, and biases 0. */
const fillWeights = (model: tfl.LayersModel, weight: number): void =>
  model.setWeights(model.getWeights().map(({ shape }) => tf.fill(shape, shape.length > 1 ? weight : 0)));

const isConstrainable = (activation: string): activation is LayerKind =>
  (layerKinds as readonly string[]).includes(activation);

type Activation = Parameters<typeof tfl.layers.activation>[0]['activation'];

/** The model with another activation in the ReLUs' place. */
const withActivation = ({ layers }: tfl.Sequential, name: string): tfl.Sequential =>
  tfl.sequential({
    layers: layers.map(layer =>
      layer.getClassName() === 'Activation'
        ? tfl.layers.activation({ activation: name as Activation })
        : layer,
    ),
  });
