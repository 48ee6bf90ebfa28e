import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect } from 'vitest';

type Backend = 'cpu' | 'wasm' | 'webgl' | 'webgpu';

/** Those that a test runs on: in a browser, the one that needs a browser. WebGPU, too slow for all, has tests of its own. */
export const backends: readonly Backend[] = 'document' in globalThis ? ['webgl'] : ['cpu', 'wasm'];

export async function useBackend(name: Backend): Promise<void> {
  if (name === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
  if (name === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name} did not start`);
  if (name === 'webgl' && !tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) {
    throw new Error('this WebGL computes in float16, and no tolerance here is made for that');
  }
  if (name === 'webgpu') watchDevice();
  // A browser may give zeros for what it cannot copy out of WebGPU, and no error.
  const two = tf.tidy(() => tf.add(tf.ones([1]), 1).dataSync()[0]);
  if (two !== 2) throw new Error(`backend ${name} reads ${two} for 2`);
}

/** What webgpu refused to run: it drops the batch of kernels around it, and no error reaches TensorFlow.js. */
const refused: string[] = [];
const watched = new WeakSet<object>();

function watchDevice(): void {
  const { device } = tf.backend() as unknown as { device: EventTarget };
  if (watched.has(device)) return;
  watched.add(device);
  device.addEventListener('uncapturederror', event => {
    refused.push((event as unknown as { error: Error }).error.message);
  });
}

/** Every test of the suite fails whose kernels webgpu refused. */
export function watchRefusals(): void {
  afterEach(async () => {
    // Once it has done all that it was asked for.
    const two = tf.tidy(() => tf.add(tf.ones([1]), 1));
    await two.data();
    two.dispose();
    expect(refused.splice(0)).toEqual([]);
  });
}
