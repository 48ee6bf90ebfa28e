import { onnxSession, runSession } from '@police/common/onnx';
import { freeze, type Network } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel, writeBack } from '@police/onnx-import';
import type { InferenceSession } from 'onnxruntime-web';
import { type BenchCase, inputSizeOf } from '../cases/case.js';
import { regionOf } from '../cases/region.js';
import { batchOf } from '../cases/seeded.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { frameForward } from './core.js';
import { coreNetwork, matrixOf } from './core-net.js';

/** ONNX Runtime in WebAssembly, one thread: inference, and what it takes to get a model there and back. */
export const onnxruntime: Backend = {
  name: 'onnxruntime-web',
  roundoff: 2 ** -24,
  speed: () => 1e10,
  batchOf: spec => spec.batch,
  refusal: ({ task, model }) => {
    if (task === 'train') return 'inference only';
    return model.kind === 'conv' ? 'the case is defined as a TensorFlow.js model' : undefined;
  },
  async prepare(spec) {
    const plain = exportOnnx(coreNetwork(spec));
    return { absent: {}, ...(await (spec.task === 'predict' ? predict(spec, plain) : tools(spec, plain))) };
  },
};

type Parts = Pick<Prepared, 'contenders' | 'dispose'>;

async function predict(spec: BenchCase, plain: Uint8Array): Promise<Parts> {
  const x = batchOf(spec);
  const sessions = await Promise.all([plain, exportOnnx(frozenOf(spec))].map(onnxSession));
  const [plainRun, frozenRun] = sessions.map(session => runner(session, inputSizeOf(spec.model)));
  return {
    contenders: [
      { name: 'plain model', run: async () => void (await plainRun(x)) },
      { name: 'frozen', run: async () => void (await frozenRun(x)), bound: 1, ...checkedBy(frozenRun) },
    ],
    dispose: async () => {
      for (const session of sessions) await session.release();
    },
  };
}

async function tools(spec: BenchCase, plain: Uint8Array): Promise<Parts> {
  const frozen = frozenOf(spec);
  const model = readModel(plain);
  const policed = freeze(model.network, [regionOf(spec)]).network;
  const session = await onnxSession(writeBack(model, policed).bytes);
  return {
    contenders: [
      frameForward(spec),
      { name: 'export', run: () => void exportOnnx(frozen) },
      { name: 'import', run: () => void readModel(plain) },
      {
        name: 'write back',
        run: () => void writeBack(model, policed),
        ...checkedBy(runner(session, inputSizeOf(spec.model))),
      },
    ],
    dispose: () => session.release(),
  };
}

const frozenOf = (spec: BenchCase): Network => freeze(coreNetwork(spec), [regionOf(spec)]).network;

type Run = (x: Float32Array) => Promise<Float32Array>;

const runner =
  (session: InferenceSession, size: number): Run =>
  x =>
    runSession(session, x, x.length / size);

const checkedBy = (run: Run): Pick<Contender, 'evaluate'> => ({
  evaluate: async points => matrixOf(await run(Float32Array.from(points.data)), 1),
});
