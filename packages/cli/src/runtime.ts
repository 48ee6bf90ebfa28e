import { type Matrix, PoliceError, rowOf } from '@police/core';
import type { ModelEnds } from '@police/onnx-import';

/** A model in ONNX Runtime. */
export interface Runtime {
  /** What the runtime computes for the guaranteed tensor of one sample. */
  run(x: Float64Array): Promise<ArrayLike<number>>;
  /** The same of rows of samples, which become its first axis, with the tensor's sizes and type. */
  runRows(x: Matrix): Promise<RuntimeTensor>;
  /** Whether the first axis of the input is open. */
  readonly takesBatches: boolean;
  release(): Promise<void>;
}

/** A tensor of the runtime. */
export interface RuntimeTensor {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly type: string;
}

/** Where the runtime comes in and goes out. */
export type RuntimeEnds = Pick<ModelEnds, 'inputName' | 'inputShape' | 'guaranteedTensor' | 'tail'>;

type Ort = typeof import('onnxruntime-web');

/** ONNX Runtime, or undefined where it is not installed. */
export async function loadRuntime(): Promise<Ort | undefined> {
  try {
    const ort = await import('onnxruntime-web');
    // One thread: the others would keep the process alive.
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    return ort;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Throws `unsupported-layer` where ONNX Runtime does not take the file. */
export async function startRuntime(ort: Ort, bytes: Uint8Array, model: RuntimeEnds): Promise<Runtime> {
  const { inputName, inputShape, guaranteedTensor } = model;
  try {
    const isOutput = model.tail.length === 0;
    const file = isOutput ? bytes : withOutput(bytes, guaranteedTensor);
    const session = await ort.InferenceSession.create(file, { executionProviders: ['wasm'] });
    const meta = session.inputMetadata.find(({ name }) => name === inputName);
    const isDouble = meta?.isTensor === true && meta.type === 'float64';
    const runAs = async (x: Float64Array, shape: readonly number[]): Promise<RuntimeTensor> => {
      const input = isDouble
        ? new ort.Tensor('float64', x, shape)
        : new ort.Tensor('float32', Float32Array.from(x), shape);
      const results = await session.run({ [inputName]: input }, [guaranteedTensor]);
      const { dims, type } = results[guaranteedTensor];
      return { dims, type, data: (await results[guaranteedTensor].getData()) as Float32Array | Float64Array };
    };
    return {
      takesBatches: meta?.isTensor === true && typeof meta.shape[0] !== 'number',
      run: async x => (await runAs(x, inputShape)).data,
      runRows: x =>
        runAs(x.rows === 1 ? rowOf(x, 0) : x.data, [x.rows * (inputShape[0] ?? 1), ...inputShape.slice(1)]),
      release: () => session.release(),
    };
  } catch (error) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'onnxruntime-web',
      expected: 'a file that it runs',
      actual: (error instanceof Error ? error.message : String(error)).split('\n')[0],
      cause: error,
    });
  }
}

/**
 * The file with one tensor more among its outputs. Protobuf merges a message field that comes twice, so a second `graph`
 * with nothing but that output is appended (ModelProto field 7, GraphProto field 12, ValueInfoProto field 1).
 */
function withOutput(bytes: Uint8Array, tensor: string): Uint8Array {
  const [GRAPH, OUTPUT, NAME] = [7, 12, 1];
  return Buffer.concat([bytes, field(GRAPH, field(OUTPUT, field(NAME, Buffer.from(tensor))))]);
}

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), content]);
}
