import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

/** A model in ONNX Runtime. */
export interface Runtime {
  /** Whether the first axis of its first input is open. */
  readonly takesBatches: boolean;
  /** The first output for its first input, and the output's sizes. */
  run(x: Float32Array, shape: readonly number[]): Promise<{ data: Float32Array; shape: readonly number[] }>;
  release(): Promise<void>;
}

/** ONNX Runtime is loaded when first asked for. */
export async function startRuntime(model: Uint8Array): Promise<Runtime> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web/wasm');
  env.wasm.wasmPaths = { wasm: wasmUrl };
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(model);
  const [input] = session.inputMetadata;
  return {
    takesBatches: input.isTensor && typeof input.shape[0] !== 'number',
    run: async (x, shape) => {
      const outputs = await session.run({ [session.inputNames[0]]: new Tensor('float32', x, shape) });
      const { data, dims, type } = outputs[session.outputNames[0]];
      if (type !== 'float32') throw new Error(`The output is of ${type}, not float32.`);
      return { data: data as Float32Array, shape: dims };
    },
    release: () => session.release(),
  };
}
