import type { Backend } from './backend.js';

/** A new one is a file beside this one and a line here. Each is loaded by itself, as most take a while. */
const loaders: Readonly<Record<string, () => Promise<Backend>>> = {
  core: async () => (await import('./core.js')).core,
  'tfjs-cpu': async () => (await import('./tfjs-cpu.js')).tfjsCpu,
  'tfjs-wasm': async () => (await import('./tfjs-wasm.js')).tfjsWasm,
  'tfjs-wasm-training': async () => (await import('./tfjs-wasm-training.js')).tfjsWasmTraining,
  'jax-wasm': async () => (await import('./jax-wasm.js')).jaxWasm,
  brainjs: async () => (await import('./brainjs.js')).brainjs,
  synaptic: async () => (await import('./synaptic.js')).synapticLibrary,
  'onnxruntime-web': async () => (await import('./onnxruntime.js')).onnxruntime,
  'tfjs-webgl': async () => (await import('./tfjs-webgl.js')).tfjsWebgl,
  'tfjs-webgpu': async () => (await import('./tfjs-webgpu.js')).tfjsWebgpu,
};

export const loadBackend = (name: string): Promise<Backend> => loaders[name]();

/** All of them, in the order of the report. */
export const loadBackends = (): Promise<readonly Backend[]> =>
  Promise.all(Object.keys(loaders).map(loadBackend));
