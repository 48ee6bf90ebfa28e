import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { tfjsBackend, use } from './tfjs.js';

/** WebGPU in a headless Chromium. */
export const tfjsWebgpu = tfjsBackend({
  name: 'tfjs-webgpu',
  host: 'browser',
  // Reading values in the middle of a step is what takes the time.
  speed: ({ task }) => (task === 'train' ? 4e7 : 1e9),
  refusal: ({ task, name }) =>
    task === 'train' && name !== 'table1/2-4-64'
      ? 'every value read in the middle of a step goes through a canvas, some 0.1 s each: one case shows that training works'
      : undefined,
  start: () => use('webgpu'),
  renderer: () => {
    // Private to the type, not in fact.
    const { adapterInfo } = tf.backend() as unknown as {
      adapterInfo: { vendor: string; architecture: string };
    };
    return `${adapterInfo.vendor} ${adapterInfo.architecture}`;
  },
});
