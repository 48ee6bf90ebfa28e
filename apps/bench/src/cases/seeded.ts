import { seededRng, uniform } from '@police/common/random';
import { type BenchCase, inputSizeOf, type ModelSpec } from './case.js';

/** Of every leaky ReLU; a float32 value, so that every format holds it. */
export const LEAK = Math.fround(0.01);

/** Largest bias. Small beside the weights, so that units straddle the regions as they do in a net at the start. */
const BIAS_REACH = 0.01;

export interface LayerWeights {
  readonly inSize: number;
  readonly outSize: number;
  /** `[inSize, outSize]`, uniform of variance 2 / inSize (He). */
  readonly kernel: Float32Array;
  /** `[outSize]`. */
  readonly bias: Float32Array;
}

/** Sizes of a dense net's layers: input, hidden ones, output. */
export function widthsOf({ size, depth, width }: Extract<ModelSpec, { kind: 'dense' }>): number[] {
  return [size, ...new Array<number>(depth).fill(width), 1];
}

/** Weights of layer `i`, the same on every backend. Layers have seeds of their own, so that none need be kept. */
export function layerWeights(inSize: number, outSize: number, seed: number, i: number): LayerWeights {
  const rng = seededRng(1_000 * seed + i);
  return {
    inSize,
    outSize,
    kernel: uniform(new Float32Array(inSize * outSize), Math.sqrt(6 / inSize), rng),
    bias: uniform(new Float32Array(outSize), BIAS_REACH, rng),
  };
}

/** The case's data `[batch, D]`, uniform in [−1, 1], row-major. */
export function batchOf({ model, batch, seed }: BenchCase): Float32Array {
  return uniform(new Float32Array(batch * inputSizeOf(model)), 1, seededRng(1_000 * seed + 999));
}
