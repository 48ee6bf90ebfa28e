import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
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

/** Numbers in [0, 1). */
export function seeded(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/** Sizes of a dense net's layers: input, hidden ones, output. */
export function widthsOf({ size, depth, width }: Extract<ModelSpec, { kind: 'dense' }>): number[] {
  return [size, ...new Array<number>(depth).fill(width), 1];
}

/** Weights of layer `i`, the same on every backend. Layers have seeds of their own, so that none need be kept. */
export function layerWeights(inSize: number, outSize: number, seed: number, i: number): LayerWeights {
  const random = seeded(1_000 * seed + i);
  const reach = Math.sqrt(6 / inSize);
  return {
    inSize,
    outSize,
    kernel: uniform(inSize * outSize, reach, random),
    bias: uniform(outSize, BIAS_REACH, random),
  };
}

/** The case's data `[batch, D]`, uniform in [−1, 1], row-major. */
export function batchOf({ model, batch, seed }: BenchCase): Float32Array {
  return uniform(batch * inputSizeOf(model), 1, seeded(1_000 * seed + 999));
}

function uniform(count: number, reach: number, random: () => number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (2 * random() - 1) * reach;
  return values;
}
