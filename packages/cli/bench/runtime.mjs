import { decode, encode } from '@police/onnx-proto';
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** The tensors of a file's last patch: what is held, the value before, the centre, and the radius K d. */
export function tensorsOf(bytes) {
  const { node } = decode('ModelProto', bytes).graph;
  const by = name => node.find(n => n.output.includes(name));
  const max = node.findLast(({ opType }) => opType === 'Max');
  const [min, sub] = max.input.map(by);
  if (min.opType !== 'Min' || sub.opType !== 'Sub') throw new Error('no patch');
  return [max.output[0], min.input[0], sub.input[0], sub.input[1]];
}

/** One input; `tensors` become outputs, those of the graph by default: protobuf merges a second graph into the first. */
export async function openModel(bytes, tensors) {
  const { graph } = decode('ModelProto', bytes);
  const outputs = graph.output.map(({ name }) => name);
  const inner = (tensors ?? []).filter(name => !outputs.includes(name));
  const more = encode('ModelProto', { graph: { output: inner.map(name => ({ name })) } });
  const session = await ort.InferenceSession.create(Buffer.concat([bytes, more]), {
    executionProviders: ['wasm'],
  });
  const [{ name, shape }] = session.inputMetadata;
  const dims = shape.map(size => (typeof size === 'number' && size > 0 ? size : 1));
  const wanted = tensors ?? outputs;
  return {
    /** The tensors of one sample. */
    run: async x => {
      const results = await session.run({ [name]: new ort.Tensor('float32', x, dims) }, wanted);
      return wanted.map(tensor => results[tensor].data);
    },
    size: dims.reduce((product, n) => product * n, 1),
    release: () => session.release(),
  };
}

/** Median milliseconds of one inference of each file, taking turns. */
export async function latencies(files, rounds = 300) {
  const models = await Promise.all(files.map(bytes => openModel(bytes)));
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
