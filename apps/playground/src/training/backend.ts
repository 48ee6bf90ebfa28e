import { register } from '@police/tfjs-wasm-training';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendName } from '../state/settings.js';

setWasmPaths({
  'tfjs-backend-wasm.wasm': plainWasm,
  'tfjs-backend-wasm-simd.wasm': simdWasm,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
});

const load: Readonly<Record<BackendName, () => Promise<unknown>>> = {
  wasm: async () => register(),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
};

/** Makes it the backend in use. Throws a sentence for the reader where it does not start. */
export async function useBackend(name: BackendName): Promise<void> {
  await load[name]();
  const started = await tf.setBackend(name).catch(() => false);
  if (!started) throw new Error(`This browser does not start the ${name} backend. Choose another.`);
}
