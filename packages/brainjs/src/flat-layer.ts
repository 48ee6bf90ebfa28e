import type { NeuralNetwork } from 'brain.js';

/** What brain.js takes as input and output: an array, or numbers by name. */
export type NetData = number[] | Float32Array | Partial<Record<string, number>>;

/** Any brain.js feed-forward network, less the members whose types bar all data types but one. */
// biome-ignore lint/suspicious/noExplicitAny: the methods of a class generic in its data make it invariant.
export type AnyNetwork = Omit<NeuralNetwork<any, any>, 'toFunction' | 'fromJSON'>;

/**
 * One layer's parameters and optimizer state, each in one flat array. The network's own nested arrays are views of
 * these, so that both always agree and nothing is copied back and forth.
 */
export interface FlatLayer {
  readonly inSize: number;
  readonly outSize: number;
  /** `[outSize, inSize]`. */
  readonly weights: Float32Array;
  /** `[outSize]`. */
  readonly biases: Float32Array;
  /** Momentum, `[outSize, inSize]`. */
  readonly changes: Float32Array;
  /** Adam's moments; absent unless the network was set up for it. */
  readonly adam?: AdamMoments;
}

export interface AdamMoments {
  /** `[outSize, inSize]`. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** `[outSize]`. */
  readonly biasLow: Float32Array;
  readonly biasHigh: Float32Array;
}

/** Moves the network's weights and optimizer state into flat arrays, and makes its own arrays views of them. */
export function flatten(net: AnyNetwork): FlatLayer[] {
  return Array.from({ length: net.outputLayer }, (_, i) => {
    const l = i + 1;
    const inSize = net.sizes[i];
    const outSize = net.sizes[l];
    return {
      inSize,
      outSize,
      weights: flattenRows(net.weights[l], inSize),
      biases: net.biases[l],
      changes: flattenRows(net.changes[l], inSize),
      ...(net.changesLow[l]
        ? {
            adam: {
              low: flattenRows(net.changesLow[l], inSize),
              high: flattenRows(net.changesHigh[l], inSize),
              biasLow: net.biasChangesLow[l],
              biasHigh: net.biasChangesHigh[l],
            },
          }
        : {}),
    };
  });
}

function flattenRows(rows: Float32Array[], size: number): Float32Array {
  const flat = new Float32Array(rows.length * size);
  rows.forEach((row, j) => {
    flat.set(row, j * size);
    rows[j] = flat.subarray(j * size, (j + 1) * size);
  });
  return flat;
}

/** Whether the network's arrays are still views of the layers: brain.js and users put new ones in place. */
export function isFlat(net: AnyNetwork, layers: readonly FlatLayer[]): boolean {
  if (layers.length !== net.outputLayer) return false;
  for (let l = 1; l <= layers.length; l++) {
    const { weights, biases, changes, adam, outSize } = layers[l - 1];
    if (net.biases[l] !== biases || net.weights[l].length !== outSize) return false;
    if (net.changes[l][0].buffer !== changes.buffer) return false;
    if (net.changesLow[l]?.[0].buffer !== adam?.low.buffer) return false;
    const rows = net.weights[l];
    for (let j = 0; j < outSize; j++) if (rows[j].buffer !== weights.buffer) return false;
  }
  return true;
}

/** Copies weights and optimizer state of an initialized network. */
export function copyWeights(from: AnyNetwork, to: AnyNetwork): void {
  const copy = (source: Float32Array[][]) => source.map(rows => rows.map(row => row.slice()));
  to.weights = copy(from.weights);
  to.biases = from.biases.map(biases => biases.slice());
  to.changes = copy(from.changes);
  if (from.adjustWeights !== from._adjustWeightsAdam) return;
  to._setupAdam();
  to.changesLow = copy(from.changesLow);
  to.changesHigh = copy(from.changesHigh);
  to.biasChangesLow = from.biasChangesLow.map(moments => moments.slice());
  to.biasChangesHigh = from.biasChangesHigh.map(moments => moments.slice());
  to.iterations = from.iterations;
}
