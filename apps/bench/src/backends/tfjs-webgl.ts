import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import { tfjsBackend, use } from './tfjs.js';

/** WebGL in a headless Chromium. */
export const tfjsWebgl = tfjsBackend({
  name: 'tfjs-webgl',
  host: 'browser',
  speed: () => 1e9,
  refusal: () => undefined,
  start: () => use('webgl'),
  renderer: () => {
    const { gl } = (tf.backend() as MathBackendWebGL).gpgpu;
    const { UNMASKED_RENDERER_WEBGL } = gl.getExtension('WEBGL_debug_renderer_info');
    return gl.getParameter(UNMASKED_RENDERER_WEBGL);
  },
});
