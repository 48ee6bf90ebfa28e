import { forward, type Matrix, matrix, PoliceError } from '@police/core';
import * as ort from 'onnxruntime-web';
import { bitsOfFloat16, float16FromBits } from '../src/float16.js';
import { type ImportedModel, readModel } from '../src/index.js';
import { codeOf, rounderOf } from '../src/tensor.js';
import { buildModel, type TestModel } from '../test/onnx.js';
import { type Case, EPSILON } from './cases.js';
import type { DataType } from './draft.js';
import { Random } from './random.js';
import { worstExcess } from './rounding.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';

/** What became of a model: read and alike, read and different, or not read by one side. */
export type Outcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly how: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'not run'; readonly why: string };

/** A model's only output for rows of inputs, and its sizes. */
export interface Run {
  readonly values: Float64Array;
  readonly dims: readonly number[];
}

/** Runs ONNX Runtime on every row of x `[n, inputs]`. Throws what the runtime throws. */
export async function runRuntime(
  bytes: Uint8Array,
  dtype: DataType,
  dims: readonly number[],
  x: Matrix,
  output?: string,
): Promise<Run> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    logSeverityLevel: 4,
  });
  try {
    const values: number[] = [];
    let sizes: readonly number[] = [];
    for (let i = 0; i < x.rows; i++) {
      const row = x.data.subarray(i * x.cols, (i + 1) * x.cols);
      const results = await session.run({ [session.inputNames[0]]: tensorOf(dtype, row, dims) });
      const result = results[output ?? session.outputNames[0]];
      const raw = result.data;
      const isBits = result.type === 'float16' && raw instanceof Uint16Array;
      for (const value of raw as Iterable<number | bigint>) {
        values.push(isBits ? float16FromBits(Number(value)) : Number(value));
      }
      sizes = result.dims;
    }
    return { values: Float64Array.from(values), dims: sizes };
  } finally {
    await session.release();
  }
}

function tensorOf(dtype: DataType, row: Float64Array, dims: readonly number[]): ort.Tensor {
  if (dtype === 'float64') return new ort.Tensor('float64', Float64Array.from(row), dims);
  if (dtype === 'float16') return new ort.Tensor('float16', Uint16Array.from(row, bitsOfFloat16), dims);
  return new ort.Tensor('float32', Float32Array.from(row), dims);
}

/** Rows of inputs: zeros, one number throughout, whole numbers, halves, large and tiny ones, and random ones. */
export function inputRows(rng: Random, cols: number, dtype: DataType): Matrix {
  const round = rounderOf(dtype);
  const kinds = [
    () => 0,
    () => rng.pick([-1, 0, 1, 0.5, 3, -3, 6]),
    () => rng.int(-8, 8),
    () => rng.int(-8, 8) / 2,
    () => 100 * (2 * rng.unit() - 1),
    () => 1e-4 * (2 * rng.unit() - 1),
    () => 4 * rng.unit() - 2,
    () => 4 * rng.unit() - 2,
  ];
  const data = kinds.flatMap(kind => rng.list(cols, () => round(kind())));
  return matrix(kinds.length, cols, Float64Array.from(data));
}

/** Reads and runs a case, and compares. `seed`: of the inputs. */
export async function compare({ model, isConstant }: Case, seed: number): Promise<Outcome> {
  const bytes = buildModel(model);
  let read: ImportedModel;
  try {
    // The tensor itself: of an output a final Sigmoid would be cut off.
    read = readModel(bytes, { epsilon: EPSILON, at: model.outputs ?? 'y' });
  } catch (error) {
    if (error instanceof PoliceError) return { kind: 'refused', why: error.message };
    throw error;
  }
  const { network, inputShape, guaranteedShape } = read;
  const dtype = model.dtype ?? 'float32';
  const x = inputRows(new Random(seed), network.inputSize, dtype);
  let run: Run;
  try {
    run = await runRuntime(bytes, dtype, inputShape, x);
  } catch (error) {
    return { kind: 'not run', why: `${error instanceof Error ? error.message : error}` };
  }
  if (`${run.dims}` !== `${guaranteedShape}`) {
    return { kind: 'different', how: `sizes [${run.dims}] run, [${guaranteedShape}] read` };
  }
  if (isConstant) {
    const how = differenceAtZero(read, x, run.values);
    if (how) return { kind: 'different', how };
  }
  const excess = worstExcess(network, x, run.values, { arithmetic: arithmeticOf(model) });
  if (excess <= 1) return { kind: 'same' };
  return { kind: 'different', how: `${excess} times the rounding that the operators can explain` };
}

/** The coarsest arithmetic that a model computes in. */
export function arithmeticOf({ dtype = 'float32', nodes }: TestModel): DataType {
  const types = nodes.map(([type]) => type);
  // ONNX Runtime takes factors beside a product into it, as a float32 attribute.
  const isScaledProduct = types.includes('MatMul') && (types.includes('Mul') || types.includes('Div'));
  const casts = nodes.flatMap(([type, , , attributes = {}]) => (type === 'Cast' ? [attributes.to] : []));
  if (dtype === 'float16' || casts.includes(codeOf('float16'))) return 'float16';
  return dtype === 'float32' || isScaledProduct || casts.includes(codeOf('float32')) ? 'float32' : 'float64';
}

function differenceAtZero({ network }: ImportedModel, x: Matrix, actual: Float64Array): string | undefined {
  // Row 0 of the inputs is all zeros.
  const expected = forward(network, matrix(1, x.cols)).data;
  const at = expected.findIndex((value, j) => value !== actual[j]);
  return at < 0 ? undefined : `constant ${at} is ${actual[at]} run, ${expected[at]} read`;
}
