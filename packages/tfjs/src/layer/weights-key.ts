import type * as tfl from '@tensorflow/tfjs-layers';

/** Identity of the data of weights: an optimizer or `setWeights` puts new data in place. */
export type WeightsKey = readonly object[];

export const weightsKey = (variables: readonly tfl.LayerVariable[]): WeightsKey =>
  variables.map(variable => variable.read().dataId);

export const isSameKey = (a: WeightsKey, b: WeightsKey): boolean =>
  a.length === b.length && a.every((entry, i) => entry === b[i]);
