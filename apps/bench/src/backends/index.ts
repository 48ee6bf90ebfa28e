import type { Backend } from './backend.js';
import { brainjs } from './brainjs.js';
import { webgl, webgpu } from './browser.js';
import { core } from './core.js';
import { onnxruntime } from './onnxruntime.js';
import { synapticLibrary } from './synaptic.js';
import { tfjsCpu } from './tfjs-cpu.js';
import { tfjsWasm } from './tfjs-wasm.js';
import { tfjsWasmTraining } from './tfjs-wasm-training.js';

/** A new one is a file beside this one and a line here. */
export const backends: readonly Backend[] = [
  core,
  tfjsCpu,
  tfjsWasm,
  tfjsWasmTraining,
  brainjs,
  synapticLibrary,
  onnxruntime,
  webgl,
  webgpu,
];
