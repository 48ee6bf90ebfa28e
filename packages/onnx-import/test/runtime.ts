import * as ort from 'onnxruntime-web';
import { bitsOfFloat16, float16FromBits } from '../src/float16.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export type Feed = { readonly data: ArrayLike<number>; readonly dims: readonly number[] };

/** One output of a model in ONNX Runtime, by default the first; all entries of it. */
export async function runModel(
  bytes: Uint8Array,
  feed: Feed,
  { output, dtype = 'float32' }: { output?: string; dtype?: 'float32' | 'float64' | 'float16' } = {},
): Promise<Float64Array> {
  const [result] = await runBatch(bytes, [feed], { ...(output !== undefined && { output }), dtype });
  return result;
}

/** The same for several feeds, one after the other in one session. */
export async function runBatch(
  bytes: Uint8Array,
  feeds: readonly Feed[],
  { output, dtype = 'float32' }: { output?: string; dtype?: 'float32' | 'float64' | 'float16' } = {},
): Promise<Float64Array[]> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  try {
    const results: Float64Array[] = [];
    for (const { data, dims } of feeds) {
      const tensor =
        dtype === 'float64'
          ? new ort.Tensor('float64', Float64Array.from(data), dims)
          : dtype === 'float16'
            ? new ort.Tensor('float16', Uint16Array.from(data, bitsOfFloat16), dims)
            : new ort.Tensor('float32', Float32Array.from(data), dims);
      const outputs = await session.run({ [session.inputNames[0]]: tensor });
      const values = await outputs[output ?? session.outputNames[0]].getData();
      const isHalf = outputs[output ?? session.outputNames[0]].type === 'float16';
      const numbers = Array.from(values as ArrayLike<number | bigint>, Number);
      // Half precision comes as bit patterns where the engine has no Float16Array.
      const isBits = isHalf && values instanceof Uint16Array;
      results.push(Float64Array.from(isBits ? numbers.map(float16FromBits) : numbers));
    }
    return results;
  } finally {
    await session.release();
  }
}
