import type { FlatLayer as CoreLayer, FlatBlock } from '@police/core/adapter';
import type synaptic from 'synaptic';
import type { SquashMeanings } from './squash.js';

/** All connections from one layer to another. */
export interface Block extends FlatBlock {
  readonly weights: Float64Array;
}

/** A hidden layer or the output layer, named `hidden0`, `hidden1`, …, `output`. */
export interface FlatLayer extends CoreLayer {
  readonly bias: Float64Array;
  readonly blocks: readonly Block[];
  readonly squash: synaptic.Squash;
}

/** A network of fully connected layers in flat arrays, which training changes in place. */
export interface FlatNetwork {
  readonly inputSize: number;
  readonly layers: readonly FlatLayer[];
}

export function layerName(index: number, count: number): string {
  return index === count - 1 ? 'output' : `hidden${index}`;
}

/** A copy whose arrays are its own, with `shifts[l]` `[units]` added to the biases where there are any. */
export function copyOf(
  { inputSize, layers }: FlatNetwork,
  shifts: readonly Float64Array[] = [],
): FlatNetwork {
  return {
    inputSize,
    layers: layers.map((layer, l) => ({
      ...layer,
      bias: layer.bias.map((b, j) => b + (shifts[l]?.[j] ?? 0)),
      blocks: layer.blocks.map(block => ({ ...block, weights: block.weights.slice() })),
    })),
  };
}

/** What the network's squashes are. */
export function meaningsOf({ layers }: FlatNetwork): SquashMeanings {
  return new Map(layers.map(({ squash, activation }) => [squash, activation]));
}
