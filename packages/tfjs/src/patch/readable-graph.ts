import { type Network, PoliceError, type PoliceErrorCode } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { coreView } from '../graph/core-view.js';
import type { Graph } from '../graph/node.js';
import { readGraph } from '../graph/read.js';

/** How far from affine a smooth function inside a value is taken to be, which does not matter: no proof looks at it. */
const ANY_EPSILON = 2 ** -12;

const UNKNOWN: readonly PoliceErrorCode[] = [
  'unsupported-layer',
  'unsupported-activation',
  'invalid-network',
  'shape',
];

/** A model as a graph; undefined for one of layers that are none of those known here. */
export const graphOf = (model: tfl.LayersModel): Graph | undefined =>
  unlessUnknown(() => readGraph(model, ANY_EPSILON));

/** A model as a network; undefined for one that core cannot express, or that ends in a softmax or sigmoid. */
export const readable = (model: tfl.LayersModel, epsilon: number | undefined): Network | undefined =>
  unlessUnknown(() => {
    const graph = readGraph(model, epsilon ?? ANY_EPSILON);
    return graph.head ? undefined : coreView(graph).network;
  });

function unlessUnknown<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PoliceError && UNKNOWN.includes(error.code)) return undefined;
    throw error;
  }
}
