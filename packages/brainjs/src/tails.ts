import { type Activation, dense, matrix } from '@police/core';
import { type AffinePieces, approximationErrors } from '@police/core/adapter';
import type { FlatLayer } from './flat-layer.js';

/**
 * Bounds on what the tails of smooth activations add up to (core's `approximationErrors`), `[units]` per region. `tailsInto` gives
 * those of a layer's pre-activations from those of its inputs.
 */
export function tailsInto(
  { weights, biases, inSize, outSize }: FlatLayer,
  tails: readonly Float64Array[],
): Float64Array[] {
  const operator = dense(matrix(outSize, inSize, Float64Array.from(weights)), biases);
  return tails.map((tail, r) =>
    approximationErrors(NO_PIECES, r).affine({ kind: 'affine', name: 'layer', input: 'x', operator }, [tail]),
  );
}

/** Those of a layer's outputs, on the pieces that `sides` select. */
export function tailsOutOf(
  activation: Activation,
  tails: readonly Float64Array[],
  sides: Int8Array,
): Float64Array[] {
  return tails.map((tail, r) =>
    approximationErrors(piecesOf('units', sides), r).activation(
      { kind: 'activation', name: 'units', input: 'h', activation },
      [tail],
    ),
  );
}

const NO_PIECES: AffinePieces = { layers: new Map(), maxima: new Map() };

/** One layer's pieces, as core's rules ask for them. */
const piecesOf = (name: string, sides: Int8Array): AffinePieces => {
  const shifts = { shift: new Float64Array(0), active: new Int32Array(0), sides };
  return { layers: new Map([[name, { shifts }]]), maxima: new Map() };
};
