import type { Network } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { fadedNetwork } from './fade/freeze-faded.js';
import { policedView, targeted } from './frozen/policed-view.js';
import { coreView } from './graph/core-view.js';
import { readGraph } from './graph/read.js';
import { PolicedLayer } from './layer/policed-layer.js';
import { policedLayerOf } from './layer/policed-model.js';
import { networkOf } from './patch/freeze-patched.js';
import type { PatchLayer } from './patch/patch-layer.js';
import { patchLayerOf } from './patch/patched-model.js';
import { patchedNetwork } from './patch/patched-network.js';
import { plainModel } from './patch/plain-model.js';

/**
 * The model as a core network in float64, with the layers' names: input and output are flattened as TensorFlow.js lays
 * them out. A constrained model keeps its constraint: the shifts of its present weights and sides lie on the
 * nonlinearities. A final softmax or sigmoid is left out. Smooth activations of a plain model need `epsilon`, see
 * `ConstrainOptions`.
 *
 * A model that ends in a patch, constrained or frozen, has a node of kind `clamp`; what core cannot read of the model inside is a node
 * of which nothing is known.
 */
export function toNetwork(model: tfl.LayersModel, { epsilon }: { epsilon?: number } = {}): Network {
  const patched = patchLayerOf(model);
  if (patched) return networkOfLayer(patched);
  const isPoliced = model.layers.some(layer => layer instanceof PolicedLayer);
  if (!isPoliced) return patchedNetwork(model, epsilon) ?? coreView(readGraph(model, epsilon)).network;
  const layer = policedLayerOf(model);
  if (layer.constraint.fader) return fadedNetwork(layer);
  return targeted(policedView(layer).network, layer);
}

function networkOfLayer(layer: PatchLayer): Network {
  const plain = plainModel(layer);
  const network = networkOf(plain);
  plain.dispose();
  return network;
}
