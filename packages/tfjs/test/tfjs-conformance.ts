import { conformance } from '@police/testing/conformance';
import { constrain, freeze, fromNetwork, policedLayerOf, toNetwork as read } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { findRemedies } from '../src/frame-pass.js';
import type { PolicedLayer } from '../src/policed-layer.js';
import {
  FLOAT32_ROUNDOFF,
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
  conformance<tfl.LayersModel, tfl.Sequential>('tfjs', {
    activations,
    modes,
    refused: ['sigmoid', 'tanh', 'softplus', 'swish'],
    roundoff: FLOAT32_ROUNDOFF,
    makeModel: ({ widths, activation, seed }) =>
      isConstrainable(activation)
        ? makeModel(widths, activation, seed)
        : withActivation(makeModel(widths, 'relu', seed), activation),
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
    shifts: policed => shiftsOf(policedLayerOf(policed)),
    sides: policed => policedLayerOf(policed).sides,
    train: async (policed, x, targets, afterStep) => {
      policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      await policed.fit(toTensor(x), toTensor(targets), {
        epochs: 2,
        batchSize: 1,
        shuffle: false,
        verbose: 0,
        yieldEvery: 'never',
        callbacks: { onBatchEnd: async () => afterStep() },
      });
    },
    freeze,
    write: fromNetwork,
  });
}

const isConstrainable = (activation: string): activation is LayerKind =>
  (layerKinds as readonly string[]).includes(activation);

/** The shifts that inference computes from the weights as they are, by the name of the nonlinearity. */
function shiftsOf({ graph, settings, sides }: PolicedLayer): Record<string, Float64Array> {
  const shifts: Record<string, Float64Array> = {};
  tf.tidy(() => {
    const { found } = findRemedies(graph, settings, place => sides[graph.nodes[place].name]);
    for (const each of found)
      if (each.kind === 'shift') shifts[graph.nodes[each.place].name] = each.shifts.shift;
  });
  return shifts;
}

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
