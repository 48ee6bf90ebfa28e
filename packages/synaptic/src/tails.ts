import { dense, matrix, type NetworkNode } from '@police/core';
import { approximationErrorThrough } from '@police/core/adapter';
import type { FlatLayer } from './flat-network.js';

/** What the tails of smooth activations add up to, at most, in one layer's values: `[size]` for each region. */
export type Tails = readonly Float64Array[];

/** In a layer's pre-activations, from what it is in the values of all layers before (0 the input); core's `approximationErrorThrough`. */
export function tailsInto({ units, name, blocks }: FlatLayer, before: readonly Tails[]): Tails {
  const parts = blocks.map(({ source, sourceSize, weights }) => {
    const operator = dense(matrix(units, sourceSize, weights));
    const node: NetworkNode = { kind: 'affine', name, input: 'x', operator };
    return before[source].map((tail, r) => approximationErrorThrough(node, [tail], r));
  });
  return before[0].map((_, r) => new Float64Array(units).map((__, j) => sumOf(parts, r, j)));
}

const sumOf = (parts: readonly Tails[], r: number, j: number): number =>
  parts.reduce((sum, tails) => sum + tails[r][j], 0);

/** In a layer's values, on the pieces that `sides` select. */
export function tailsOutOf({ name, activation }: FlatLayer, tails: Tails, sides: Int8Array): Tails {
  // Identity is no node of core's network.
  if (activation.name === 'identity') return tails;
  const node: NetworkNode = { kind: 'activation', name, input: 'h', activation };
  return tails.map((tail, r) => approximationErrorThrough(node, [tail], r, { sides }));
}
