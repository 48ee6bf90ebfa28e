import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { CANNOT_READ, tfjsBackend, use } from './tfjs.js';

/** WebGPU in a headless Chromium. */
export const tfjsWebgpu = tfjsBackend({
  name: 'tfjs-webgpu',
  host: 'browser',
  speed: () => 1e9,
  refusal: ({ task }) => (task === 'predict' ? undefined : CANNOT_READ),
  start: () => use('webgpu'),
  renderer: () => {
    // Private to the type, not in fact.
    const { adapterInfo } = tf.backend() as unknown as {
      adapterInfo: { vendor: string; architecture: string };
    };
    return `${adapterInfo.vendor} ${adapterInfo.architecture}`;
  },
});
