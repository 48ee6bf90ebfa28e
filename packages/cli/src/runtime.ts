import { type Matrix, PoliceError, rowOf } from '@police/core';
import type { GuaranteedTensor, ModelEnds } from '@police/onnx-import';

/** A model in ONNX Runtime. */
export interface Runtime {
  /** What the runtime computes for the guaranteed tensor of one sample. */
  run(x: Float64Array): Promise<ArrayLike<number>>;
  /** The first of the guaranteed tensors of rows of samples, which become its first axis, with its sizes and type. */
  runRows(x: Matrix): Promise<RuntimeTensor>;
  /** Whether the first axis of the input is open. */
  readonly takesBatches: boolean;
  release(): Promise<void>;
}

/** A tensor of the runtime. */
export interface RuntimeTensor {
  readonly data: Float32Array | Float64Array;
  readonly dims: readonly number[];
  readonly type: string;
}

/** Where the runtime comes in and goes out. */
export interface RuntimeEnds extends Pick<ModelEnds, 'inputName' | 'inputShape' | 'fixed'> {
  readonly guaranteed: readonly Pick<GuaranteedTensor, 'tensor' | 'isOutput'>[];
}

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
  const { inputName, inputShape, guaranteed } = model;
  const names = guaranteed.map(({ tensor }) => tensor);
  try {
    const inner = guaranteed.flatMap(({ tensor, isOutput }) => (isOutput ? [] : [tensor]));
    const file = inner.reduce(withOutput, bytes);
    const session = await ort.InferenceSession.create(file, { executionProviders: ['wasm'] });
    const meta = session.inputMetadata.find(({ name }) => name === inputName);
    const type = meta?.isTensor ? meta.type : undefined;
    // Points of a region are no numbers of float16.
    if (type === 'float16') {
      await session.release();
      throw new Error('an input in float16');
    }
    const isDouble = type === 'float64';
    const held = Object.fromEntries(model.fixed.map(each => [each.name, heldTensor(ort, each)]));
    const runAs = async (x: Float64Array, shape: readonly number[]) => {
      const input = isDouble
        ? new ort.Tensor('float64', x, shape)
        : new ort.Tensor('float32', Float32Array.from(x), shape);
      const results = await session.run({ ...held, [inputName]: input }, names);
      return Promise.all(
        names.map(async (name): Promise<RuntimeTensor> => {
          const { dims, type } = results[name];
          return { dims, type, data: (await results[name].getData()) as Float32Array | Float64Array };
        }),
      );
    };
    return {
      // What is held has the sizes of one sample.
      takesBatches: meta?.isTensor === true && typeof meta.shape[0] !== 'number' && model.fixed.length === 0,
      run: async x => joined((await runAs(x, inputShape)).map(({ data }) => data)),
      runRows: async x => {
        const shape = [x.rows * (inputShape[0] ?? 1), ...inputShape.slice(1)];
        const [first] = await runAs(x.rows === 1 ? rowOf(x, 0) : x.data, shape);
        return first;
      },
      release: () => session.release(),
    };
  } catch (error) {
    if (error instanceof PoliceError) throw error;
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'onnxruntime-web',
      expected: 'a file that it runs',
      actual: (error instanceof Error ? error.message : String(error)).split('\n')[0],
      cause: error,
    });
  }
}

/** Of one output itself; of several one after the other. */
function joined(values: readonly (Float32Array | Float64Array)[]): ArrayLike<number> {
  if (values.length === 1) return values[0];
  return Float64Array.from(values.flatMap(each => Array.from(each)));
}

function heldTensor(
  ort: Ort,
  { name, dtype, shape, data }: ModelEnds['fixed'][number],
): InstanceType<Ort['Tensor']> {
  switch (dtype) {
    case 'float32':
      return new ort.Tensor('float32', Float32Array.from(data), shape);
    case 'float64':
      return new ort.Tensor('float64', data, shape);
    case 'int64':
      return new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape);
    case 'int32':
      return new ort.Tensor('int32', Int32Array.from(data), shape);
    case 'bool':
      return new ort.Tensor('bool', Uint8Array.from(data), shape);
    case 'uint8':
      return new ort.Tensor('uint8', Uint8Array.from(data), shape);
    default:
      throw new PoliceError({
        code: 'unsupported-layer',
        where: `input '${name}'`,
        expected: 'one of float32, float64, int64, int32, uint8 or bool, to run the model',
        actual: dtype,
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
