import { numpy as np } from '@jax-js/jax';
import { seededRng, uniform } from '@police/common/random';
import { dense, matrix } from '@police/core';
import { start } from '@police/jax';
import { encode } from '@police/onnx-proto';
import * as ort from 'onnxruntime-web';

/** `X Wᵀ` of float64 by one library: `[rows, size] × [size, size]`. */
export interface Float64Product {
  readonly library: string;
  readonly run: () => Promise<Float64Array>;
}

/** TensorProto.DataType of float64. */
const DOUBLE = 11;

/** Multiply-adds of one product. */
export const productMacs = (rows: number, size: number): number => rows * size * size;

/** The libraries that multiply float64 in WebAssembly, each with one thread, on the same numbers; core's way is what is loaded. */
export async function float64Products(rows: number, size: number): Promise<Float64Product[]> {
  const rng = seededRng(1);
  const x = uniform(new Float64Array(rows * size), 1, rng);
  const w = uniform(new Float64Array(size * size), 1, rng);
  const transposed = w.map((_, i) => w[(i % size) * size + Math.floor(i / size)]);
  const layer = dense(matrix(size, size, w));
  return [
    { library: '@police/core/fast', run: async () => layer.linear(matrix(rows, size, x)).data },
    { library: 'onnxruntime-web', run: await onnxProduct(rows, size, x, transposed) },
    { library: 'jax-js', run: await jaxProduct(rows, size, x, transposed) },
  ];
}

async function onnxProduct(
  rows: number,
  size: number,
  x: Float64Array,
  w: Float64Array,
): Promise<Float64Product['run']> {
  ort.env.wasm.numThreads = 1;
  const value = (name: string, shape: readonly number[]) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: DOUBLE,
          shape: { dim: shape.map(n => ({ value: { case: 'dimValue' as const, value: BigInt(n) } })) },
        },
      },
    },
  });
  const bytes = encode('ModelProto', {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'product',
      node: [{ opType: 'MatMul', input: ['x', 'w'], output: ['y'] }],
      initializer: [
        {
          name: 'w',
          dims: [BigInt(size), BigInt(size)],
          dataType: DOUBLE,
          rawData: new Uint8Array(w.buffer),
        },
      ],
      input: [value('x', [rows, size])],
      output: [value('y', [rows, size])],
    },
  });
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  // It leaves Node's Worker behind as a page's, by which jax-js would judge that it has threads.
  Reflect.deleteProperty(globalThis, 'Worker');
  const fed = new ort.Tensor('float64', x, [rows, size]);
  return async () => (await session.run({ x: fed })).y.data as Float64Array;
}

async function jaxProduct(
  rows: number,
  size: number,
  x: Float64Array,
  w: Float64Array,
): Promise<Float64Product['run']> {
  await start('wasm');
  const [left, right] = [
    np.array(x, { shape: [rows, size], dtype: np.float64 }),
    np.array(w, { shape: [size, size], dtype: np.float64 }),
  ];
  return async () => np.matmul(left.ref, right.ref).dataSync() as Float64Array;
}
