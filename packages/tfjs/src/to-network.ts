import { enforce, type Network, type NetworkNode, network, prescribeByCorrection } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { maxOrder, storedSides, storedWinners } from './core-layout.js';
import { type CoreView, coreView } from './core-network.js';
import type { Graph } from './graph/node.js';
import { readGraph } from './graph/read.js';
import { storedOrder } from './graph/values.js';
import { widened } from './margin.js';
import { PolicedLayer } from './policed-layer.js';
import { policedLayerOf } from './policed-model.js';

/**
 * The model as a core network in float64, with the layers' names: input and output are flattened as TensorFlow.js lays
 * them out. A constrained model keeps its constraint: the shifts of its present weights and sides lie on the
 * nonlinearities. A final softmax or sigmoid is left out. Smooth activations of a plain model need `epsilon`, see
 * `ConstrainOptions`.
 */
export function toNetwork(model: tfl.LayersModel, { epsilon }: { epsilon?: number } = {}): Network {
  const isPoliced = model.layers.some(layer => layer instanceof PolicedLayer);
  if (!isPoliced) return coreView(readGraph(model, epsilon)).network;
  const layer = policedLayerOf(model);
  return targeted(policedView(layer).network, layer);
}

/** With the correction that makes the outputs what they are to be on the region. */
export function targeted(net: Network, { settings: { regions, target } }: PolicedLayer): Network {
  return target ? prescribeByCorrection(net, regions[0], target) : net;
}

/** The constrained network of a layer, but for its target, for what its weights are now. */
export function policedView(layer: PolicedLayer): CoreView {
  const { regions, sharing, margin } = layer.settings;
  const { graph } = layer;
  const view = coreView(graph);
  const sides = coreSides(graph, view, layer.presentSides);
  const wide = mapActivations(view.network, node => ({
    ...node,
    activation: widened(node.activation, margin),
  }));
  const enforced = enforce(wide, regions, { policy: 'sticky', sides, sharing }).network;
  const activations = new Map(
    view.network.nodes.flatMap(node => (node.kind === 'activation' ? [[node.name, node.activation]] : [])),
  );
  return {
    ...view,
    network: mapActivations(enforced, node => ({ ...node, activation: activations.get(node.name)! })),
  };
}

type CoreActivation = Extract<NetworkNode, { kind: 'activation' }>;

function mapActivations(net: Network, change: (node: CoreActivation) => CoreActivation): Network {
  return network(net.nodes.map(node => (node.kind === 'activation' ? change(node) : node)));
}

/** Sides and winners as core numbers units and windows. */
export function coreSides(
  { nodes }: Graph,
  { layouts }: CoreView,
  sides: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Int8Array | Int32Array> {
  const found: Record<string, Int8Array | Int32Array> = {};
  nodes.forEach((node, place) => {
    const given = sides[node.name];
    if (!given) return;
    const { input } = layouts[place];
    if (node.kind === 'max') {
      found[node.name] = storedWinners(given, maxOrder(nodes[node.inputs[0]].shape, node.shape, input));
    } else {
      found[node.name] = storedSides(given, storedOrder(node.shape, input));
    }
  });
  return found;
}
