import type { Network } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { CoreView } from '../graph/core-view.js';
import type { Graph } from '../graph/node.js';
import { readGraph } from '../graph/read.js';
import { layerFromConfig } from '../layers/layer-config.js';
import { changesOf } from './changes.js';
import { changedConfig } from './frozen-config.js';
import { FrozenParts } from './frozen-parts.js';
import { writeWeights } from './frozen-weights.js';

/** A model of the same layers in the weights of a network: batch normalisation as its factor and offset, no constraints. */
export function plainCopy(
  { model, graph, epsilon }: { model: tfl.LayersModel; graph: Graph; epsilon: number | undefined },
  network: Network,
  { layouts }: Pick<CoreView, 'layouts'>,
): tfl.LayersModel {
  const parts = new FrozenParts(network);
  const copy = layerFromConfig<tfl.LayersModel>({
    className: model.getClassName(),
    config: changedConfig(model, changesOf(graph, parts)),
  });
  const inputs = new Map(graph.nodes.map(({ name }, place) => [name, layouts[place].input]));
  const before = new Map(graph.nodes.map(node => [node.name, node]));
  writeWeights(readGraph(copy, epsilon), parts, inputs, before);
  return copy;
}
