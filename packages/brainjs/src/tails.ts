import { type Activation, dense, matrix } from '@police/core';
import { approximationErrorThrough } from '@police/core/adapter';
import type { FlatLayer } from './flat-layer.js';

/**
 * Bounds on what the tails of smooth activations add up to (core's `approximationErrorThrough`), `[units]` per region. `tailsInto` gives
 * those of a layer's pre-activations from those of its inputs.
 */
export function tailsInto(
  { weights, biases, inSize, outSize }: FlatLayer,
  tails: readonly Float64Array[],
): Float64Array[] {
  const operator = dense(matrix(outSize, inSize, Float64Array.from(weights)), biases);
  return tails.map((tail, r) =>
    approximationErrorThrough({ kind: 'affine', name: 'layer', input: 'x', operator }, [tail], r),
  );
}

/** Those of a layer's outputs, on the pieces that `sides` select. */
export function tailsOutOf(
  activation: Activation,
  tails: readonly Float64Array[],
  sides: Int8Array,
): Float64Array[] {
  return tails.map((tail, r) =>
    approximationErrorThrough({ kind: 'activation', name: 'units', input: 'h', activation }, [tail], r, {
      sides,
    }),
  );
}
