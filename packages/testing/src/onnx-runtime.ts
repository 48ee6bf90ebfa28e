import type { Matrix } from '@police/core';
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;

/** Whether ONNX Runtime fuses operators, as it does by default, or takes them one by one. */
export type Optimization = 'all' | 'disabled';

/** The model's outputs `[n, outputSize]` in ONNX Runtime on rows x `[n, inputSize]` of float32 values. */
export async function runOnnx(
  bytes: Uint8Array,
  x: Matrix,
  optimization: Optimization = 'all',
): Promise<Matrix> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: optimization,
  });
  try {
    const [inputName] = session.inputNames;
    const [outputName] = session.outputNames;
    const input = new ort.Tensor('float32', Float32Array.from(x.data), [x.rows, x.cols]);
    const output = (await session.run({ [inputName]: input }))[outputName];
    const [rows, cols] = output.dims;
    return { rows, cols, data: Float64Array.from((await output.getData()) as Float32Array) };
  } finally {
    await session.release();
  }
}
