import type { Matrix } from '@police/core';
import * as ort from 'onnxruntime-web';
import type { Predictor } from './probes.js';

/** The ONNX model's outputs by ONNX Runtime (wasm, one thread). */
export async function onnxPredictor(bytes: Uint8Array): Promise<Predictor> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes);
  return async ({ rows, cols, data }: Matrix) => {
    const input = new ort.Tensor('float32', Float32Array.from(data), [rows, cols]);
    const output = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
    return { rows, cols: output.dims[1], data: Float64Array.from(output.data as Float32Array) };
  };
}
