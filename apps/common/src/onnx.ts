import * as ort from 'onnxruntime-web';

/** A model in ONNX Runtime (WebAssembly, one thread). */
export function onnxSession(bytes: Uint8Array): Promise<ort.InferenceSession> {
  ort.env.wasm.numThreads = 1;
  return ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], logSeverityLevel: 3 });
}

/** The outputs `[n · outSize]` at rows `[n · D]`. */
export async function runSession(
  session: ort.InferenceSession,
  x: Float32Array,
  rows: number,
): Promise<Float32Array> {
  const input = new ort.Tensor('float32', x, [rows, x.length / rows]);
  const outputs = await session.run({ [session.inputNames[0]]: input });
  return (await outputs[session.outputNames[0]].getData()) as Float32Array;
}
