import '@tensorflow/tfjs-backend-wasm';
import { register, unregister } from '@police/tfjs-wasm-training';
import { tfjsBackend, use } from './tfjs.js';

/** WebAssembly with the kernels of @police/tfjs-wasm-training. */
export const tfjsWasmTraining = tfjsBackend({
  name: 'tfjs-wasm-training',
  speed: () => 2.5e10,
  refusal: () => undefined,
  start: async () => {
    await use('wasm');
    register();
  },
  asShipped: async action => {
    unregister();
    try {
      await action();
    } finally {
      register();
    }
  },
});
