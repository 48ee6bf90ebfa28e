import { addProduct, addTransposed } from '@police/core/adapter';
import type { FlatLayer } from './flat-layer.js';
import type { Units } from './units.js';

/** Buffers for one sample's way through the network. Values are float32 numbers, as brain.js stores them. */
export interface DataPass {
  /** `[inputSize]`. */
  readonly input: Float64Array;
  /** Outputs of each layer, `[units]`. */
  readonly outputs: readonly Float64Array[];
  /** What the activation's `Units` keep of each unit's slope, `[units]`. */
  readonly slopes: readonly Float64Array[];
  /** target − output or what of it comes back, `[units]`. */
  readonly errors: readonly Float64Array[];
  /** error · slope, `[units]`. */
  readonly deltas: readonly Float64Array[];
}

export function dataPass(params: readonly FlatLayer[]): DataPass {
  const zeros = () => params.map(({ outSize }) => new Float64Array(outSize));
  return {
    input: new Float64Array(params[0].inSize),
    outputs: zeros(),
    slopes: zeros(),
    errors: zeros(),
    deltas: zeros(),
  };
}

/**
 * `y = σ(W x + b + c)` layer by layer: brain.js's own sums, then the shift.
 */
export function runForward(
  { input, outputs, slopes }: DataPass,
  params: readonly FlatLayer[],
  units: Units,
  shifts: readonly Float64Array[],
  x: ArrayLike<number>,
): void {
  for (let k = 0; k < input.length; k++) input[k] = x[k];
  for (let l = 0; l < params.length; l++) {
    const { weights, biases, outSize, inSize } = params[l];
    const y = outputs[l];
    for (let j = 0; j < outSize; j++) y[j] = biases[j];
    addProduct(weights, outSize, inSize, l === 0 ? input : outputs[l - 1], 0, y, 0);
    units.activate(y, shifts[l], slopes[l]);
  }
}

/** brain.js's errors and deltas, downhill, from the target `[outputSize]`; those of the input, which nobody uses, left out. */
export function runBackward(
  { outputs, slopes, errors, deltas }: DataPass,
  params: readonly FlatLayer[],
  units: Units,
  target: ArrayLike<number>,
): void {
  for (let l = params.length - 1; l >= 0; l--) {
    const error = errors[l];
    if (l === params.length - 1) {
      const y = outputs[l];
      for (let j = 0; j < error.length; j++) error[j] = target[j] - y[j];
    } else {
      const { weights, outSize, inSize } = params[l + 1];
      error.fill(0);
      addTransposed(weights, outSize, inSize, deltas[l + 1], error, 1);
    }
    units.writeDeltas(deltas[l], error, outputs[l], slopes[l]);
  }
}

/** brain.js's training error. */
export function meanSquare(errors: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < errors.length; i++) sum += errors[i] ** 2;
  return sum / errors.length;
}
