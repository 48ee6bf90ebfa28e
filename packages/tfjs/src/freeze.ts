import {
  type ChainLayer,
  chain,
  type Dense,
  dense,
  enforce,
  type FrozenLayer,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { policedLayerOf } from './constrain.js';
import { PolicedLayer } from './policed-layer.js';
import { readStages, type Stage } from './stages.js';

/**
 * The model as a core network, with the layers' names, in float64. A constrained model keeps its constraint: the
 * shifts of its present weights and sides lie on the nonlinearities. A plain Sequential is read as it is.
 */
export function toNetwork(model: tfl.LayersModel): Network {
  const isPoliced = model.layers.some(layer => layer instanceof PolicedLayer);
  if (!isPoliced) return plainNetwork(readStages(asSequential(model)));
  const layer = policedLayerOf(model);
  const { regions, policy } = layer.settings;
  const net = plainNetwork(layer.plainStages);
  return enforce(net, regions, { policy, sides: layer.sides }).network;
}

export interface FrozenModel {
  /** A plain Sequential of the same topology, its float32 weights exactly affine on the regions. */
  readonly model: tfl.Sequential;
  /** The same weights as a core network, for export and verification. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Folds the shifts into the biases and rounds so that the plain model's float32 weights, taken as real numbers,
 * are affine on every region exactly (core's `freeze`). The constrained model is left as it is and can train on.
 */
export function freeze(policed: tfl.LayersModel): FrozenModel {
  const layer = policedLayerOf(policed);
  const frozen = freezeNetwork(toNetwork(policed), layer.settings.regions, { precision: 'float32' });
  // fromConfig takes the config apart, so it gets one of its own.
  const config = layer.inner.getConfig() as tf.serialization.ConfigDict;
  const model = tfl.Sequential.fromConfig(tfl.Sequential, config) as tfl.Sequential;
  for (const stage of readStages(model)) writeStage(stage, frozen.network);
  return { model, ...frozen };
}

function asSequential(model: tfl.LayersModel): tfl.Sequential {
  if (model instanceof tfl.Sequential) return model;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: model.name,
    expected: 'a tf.Sequential',
    actual: 'a functional model',
  });
}

function plainNetwork(stages: readonly Stage[]): Network {
  const layers: ChainLayer[] = [];
  const names: string[] = [];
  for (const { name, kernel, bias, activation } of stages) {
    layers.push(denseOf(kernel, bias));
    names.push(name);
    if (!activation) continue;
    layers.push(activation.describe());
    names.push(activation.name);
  }
  return chain(stages[0].kernel.shape[0] as number, layers, names);
}

/** tfjs stores kernels `[in, out]`, core `[out, in]`. */
function denseOf(kernel: tfl.LayerVariable, bias?: tfl.LayerVariable): Dense {
  const [inSize, outSize] = kernel.shape as number[];
  // Read outside any tidy, which would search a returned array for tensors entry by entry.
  const transposed = tf.transpose(kernel.read());
  const weight = Float64Array.from(transposed.dataSync());
  transposed.dispose();
  return dense({ rows: outSize, cols: inSize, data: weight }, bias?.read().dataSync());
}

/** Writes the frozen weights of a stage; every value is a float32 already. */
function writeStage({ name, kernel, bias, activation }: Stage, network: Network): void {
  tf.tidy(() => {
    for (const node of network.nodes) {
      if (node.kind === 'affine' && node.name === name) {
        const { weight, bias: frozenBias } = node.operator as Dense;
        kernel.write(tf.transpose(tf.tensor2d(Float32Array.from(weight.data), [weight.rows, weight.cols])));
        bias?.write(tf.tensor1d(Float32Array.from(frozenBias)));
      } else if (node.kind === 'activation' && node.name === activation?.name) {
        const { slope } = node.activation.pieces[0];
        for (const weight of activation.weights)
          weight.write(tf.tensor1d(Float32Array.from(slope as Float64Array)));
      }
    }
  });
}
