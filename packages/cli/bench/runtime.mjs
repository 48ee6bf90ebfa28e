import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** The tensors of a file's last patch: what was held, the value before, the centre, and the radius K d. */
export function tensorsOf(bytes) {
  const { node, output } = fromBinary(ModelProtoSchema, bytes).graph;
  const by = name => node.find(n => n.output.includes(name));
  const max = node.findLast(({ opType }) => opType === 'Max');
  const min = by(max.input[0]);
  const sub = by(max.input[1]);
  if (min.opType !== 'Min' || sub.opType !== 'Sub') throw new Error('no patch');
  return [output[0].name, min.input[0], sub.input[0], sub.input[1]];
}

/** The file with tensors as outputs: protobuf merges a second graph into the first. */
export function exposed(bytes, [, ...tensors]) {
  const graph = { output: tensors.map(name => ({ name })) };
  return Buffer.concat([bytes, toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph }))]);
}

export async function openModel(bytes) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const [{ name, shape }] = session.inputMetadata;
  const dims = shape.map(size => (typeof size === 'number' && size > 0 ? size : 1));
  return {
    /** All outputs of one sample. */
    run: async x => {
      const results = await session.run({ [name]: new ort.Tensor('float32', x, dims) });
      return session.outputNames.map(output => results[output].data);
    },
    size: dims.reduce((product, n) => product * n, 1),
    release: () => session.release(),
  };
}

/** Median milliseconds of one inference of each file, taking turns. */
export async function latencies(files, rounds = 300) {
  const models = await Promise.all(files.map(openModel));
  const times = files.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, model] of models.entries()) {
      const x = Float32Array.from({ length: model.size }, (_, k) => Math.sin(round + k) / 2);
      const start = performance.now();
      for (let repeat = 0; repeat < 10; repeat++) await model.run(x);
      times[i].push((performance.now() - start) / 10);
    }
  }
  await Promise.all(models.map(({ release }) => release()));
  return times.map(values => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]);
}
