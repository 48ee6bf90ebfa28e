import { dense, matrix } from '@police/core';
import { type AffinePieces, approximationErrors, type NodeByKind } from '@police/core/adapter';
import type { FlatLayer } from './flat-network.js';

/** What the tails of smooth activations add up to, at most, in one layer's values: `[size]` for each region. */
export type Tails = readonly Float64Array[];

/** In a layer's pre-activations, from what it is in the values of all layers before (0 the input); core's `approximationErrors`. */
export function tailsInto({ units, name, blocks }: FlatLayer, before: readonly Tails[]): Tails {
  const parts = blocks.map(({ source, sourceSize, weights }) => {
    const operator = dense(matrix(units, sourceSize, weights));
    const node: NodeByKind['affine'] = { kind: 'affine', name, input: 'x', operator };
    return before[source].map((tail, r) => approximationErrors(NO_PIECES, r).affine(node, [tail]));
  });
  return before[0].map((_, r) => new Float64Array(units).map((__, j) => sumOf(parts, r, j)));
}

const sumOf = (parts: readonly Tails[], r: number, j: number): number =>
  parts.reduce((sum, tails) => sum + tails[r][j], 0);

/** In a layer's values, on the pieces that `sides` select. */
export function tailsOutOf({ name, activation }: FlatLayer, tails: Tails, sides: Int8Array): Tails {
  // Identity is no node of core's network.
  if (activation.name === 'identity') return tails;
  const node: NodeByKind['activation'] = { kind: 'activation', name, input: 'h', activation };
  return tails.map((tail, r) => approximationErrors(piecesOf(name, sides), r).activation(node, [tail]));
}

const NO_PIECES: AffinePieces = { layers: new Map(), maxima: new Map() };

/** One layer's pieces, as core's rules ask for them. */
const piecesOf = (name: string, sides: Int8Array): AffinePieces => {
  const shifts = { shift: new Float64Array(0), active: new Int32Array(0), sides };
  return { layers: new Map([[name, { shifts }]]), maxima: new Map() };
};
