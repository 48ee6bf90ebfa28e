import { forward, type Matrix, matrix, type Network, rowOf } from '@police/core';
import { type Runtime, startRuntime } from '../onnx/runtime.js';

/** A model's outputs `[n, out]` at inputs `[n, D]`. */
export interface Evaluator {
  /** Of one sample. */
  readonly outputShape: readonly number[];
  at(inputs: Matrix): Promise<Matrix>;
  release(): Promise<void>;
}

/** By core, in float64. */
export const coreEvaluator = (network: Network, outputShape: readonly number[]): Evaluator => ({
  outputShape,
  at: async inputs => forward(network, inputs),
  release: async () => {},
});

/** Rows at a time. */
const BLOCK = 256;

/** By ONNX Runtime, whatever the model is made of; `inputShape` is that of one sample. */
export async function runtimeEvaluator(bytes: Uint8Array, inputShape: readonly number[]): Promise<Evaluator> {
  const runtime = await startRuntime(bytes);
  const size = inputShape.reduce((product, n) => product * n, 1);
  const { shape: outputShape } = await runtime.run(new Float32Array(size), inputShape);
  const block = (await takesBatches(runtime, size, inputShape)) ? BLOCK : 1;
  return {
    outputShape,
    at: async ({ rows, cols, data }) => {
      const outputs = outputShape.reduce((product, n) => product * n, 1);
      const values = matrix(rows, outputs);
      for (let from = 0; from < rows; from += block) {
        const count = Math.min(block, rows - from);
        const x = Float32Array.from(data.subarray(from * cols, (from + count) * cols));
        const y = await runtime.run(x, [count * (inputShape[0] ?? 1), ...inputShape.slice(1)]);
        values.data.set(y.data, from * outputs);
      }
      return values;
    },
    release: () => runtime.release(),
  };
}

/** A runtime that computes rows in a batch sums in another order. */
const BATCH_TOLERANCE = 1e-3;

/** Whether two rows at once are what they are alone. */
async function takesBatches(runtime: Runtime, size: number, shape: readonly number[]): Promise<boolean> {
  if (!runtime.takesBatches) return false;
  const two = matrix(
    2,
    size,
    Float64Array.from({ length: 2 * size }, (_, k) => Math.fround(Math.sin(k + 1))),
  );
  try {
    const { data } = await runtime.run(Float32Array.from(two.data), [2 * (shape[0] ?? 1), ...shape.slice(1)]);
    for (const row of [0, 1]) {
      const alone = (await runtime.run(Float32Array.from(rowOf(two, row)), shape)).data;
      if (data.length !== 2 * alone.length) return false;
      const at = row * alone.length;
      if (alone.some((y, j) => !(Math.abs(data[at + j] - y) <= BATCH_TOLERANCE * (1 + Math.abs(y)))))
        return false;
    }
    return true;
  } catch {
    // Sizes inside that hold for one sample only: the runtime says so of any other number.
    return false;
  }
}
