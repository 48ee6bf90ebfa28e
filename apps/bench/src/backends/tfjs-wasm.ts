import '@tensorflow/tfjs-backend-wasm';
import { tfjsBackend, use } from './tfjs.js';

/** WebAssembly as TensorFlow.js ships it: one thread in Node, SIMD. */
export const tfjsWasm = tfjsBackend({
  name: 'tfjs-wasm',
  speed: () => 1e9,
  refusal: ({ model, task }) =>
    model.kind === 'conv' && task === 'train'
      ? 'TensorFlow.js 4.22 has no Conv2DBackpropFilter kernel for wasm: no convolution trains'
      : undefined,
  start: () => use('wasm'),
});
