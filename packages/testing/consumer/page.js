// A page that uses every entry but @police/tfjs/node, which is for Node; bundlers build it, Chromium runs it. What it did is on `globalThis.checks`, each a promise of 'ok' or of
// the error's code.

import { defaultDevice, random } from '@jax-js/jax';
import * as brainDoor from '@police/brainjs';
import { box, chain, dense, matrixFromRows, police, relu } from '@police/core';
import * as adapter from '@police/core/adapter';
import { loadLinearPrograms } from '@police/core/highs';
import { scale } from '@police/core/operators';
import * as jax from '@police/jax';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import * as lean from '@police/onnx-import/lean';
import * as synapticDoor from '@police/synaptic';
import { constrain, freeze, startBackend } from '@police/tfjs';
import { usePatches } from '@police/tfjs/all';
import { register } from '@police/tfjs-wasm-training';
import { parse } from '@police/vnnlib';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { layers, sequential } from '@tensorflow/tfjs-layers';

const regions = [box([-1, -1], [1, 1])];

const actions = {
  doors: () => [
    lean.readModel,
    scale,
    brainDoor.constrain,
    synapticDoor.constrain,
    adapter.shiftsOf,
    register,
    usePatches,
    parse,
  ],
  roundTrip: () => {
    const { network } = police(chain(2, [dense([[1, -1]]), relu()]), regions);
    const { report } = police(readModel(exportOnnx(network, { regions })).network, regions);
    return [report.shifted === 0];
  },
  training: async () => {
    await startBackend('cpu');
    const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [2] }), layers.leakyReLU()] });
    return [freeze(constrain(model, { regions })).maps.length === 1];
  },
  jax: async () => {
    await jax.start('wasm');
    defaultDevice('wasm');
    const model = jax.sequential([2], [jax.dense(4), jax.leakyRelu(0.1), jax.dense(1)]);
    const policed = jax.police(model, regions);
    const params = model.init(random.key(0));
    return [policed.freeze(params, policed.init(params)).maps.length === 1];
  },
  programs: async () => {
    const { maximise } = await loadLinearPrograms();
    const [{ x }] = maximise(matrixFromRows([[1], [-1]]), Float64Array.of(3, 1), matrixFromRows([[1]]));
    return [x[0] === 3];
  },
  worker: () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
      worker.onmessage = ({ data }) => resolve([data === 'affine']);
      worker.onerror = event => reject(new Error(event.message));
    }),
  wasm: async () => {
    await startBackend('wasm');
    return [true];
  },
};

globalThis.check = async name => {
  try {
    const results = await actions[name]();
    return results.every(Boolean) ? 'ok' : `${results}`;
  } catch (error) {
    return error.code ?? `${error.stack ?? error}`;
  }
};
