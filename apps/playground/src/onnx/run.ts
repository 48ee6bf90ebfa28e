import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

/** Outputs `[n]` of a model of two inputs at points `[n, 2]`, in ONNX Runtime, which is loaded when first asked for. */
export async function runOnnx(model: Uint8Array, points: Float32Array): Promise<Float32Array> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web/wasm');
  env.wasm.wasmPaths = { wasm: wasmUrl };
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(model);
  try {
    const input = new Tensor('float32', points, [points.length / 2, 2]);
    const outputs = await session.run({ [session.inputNames[0]]: input });
    return outputs[session.outputNames[0]].data as Float32Array;
  } finally {
    await session.release();
  }
}
