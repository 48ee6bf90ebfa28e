import { forward, type Matrix, matrix, type Network, PoliceError, rowOf } from '@police/core';
import type { ModelEnds } from '@police/onnx-import';
import { loadRuntime, type Runtime, startRuntime } from './runtime.js';
import type { Talk } from './terminal.js';

/** A model's values, whatever it is made of. */
export interface Evaluator {
  /** Sizes of the guaranteed tensor for one sample, and its type where the runtime told it. */
  readonly outputShape: readonly number[];
  readonly outputType: string | undefined;
  /** What computes: core in float64, or ONNX Runtime. */
  readonly by: 'core' | 'ONNX Runtime';
  /** `[n, D] → [n, out]`. `stage`: whom to tell of progress. */
  at(points: Matrix, stage?: ReturnType<Talk['stage']>): Promise<Matrix>;
  release(): Promise<void>;
}

/** What is evaluated: a file with its data inside, and the network of it, where core reads all of it. */
export interface Subject {
  readonly bytes: Uint8Array;
  readonly ends: ModelEnds;
  readonly network?: Network;
  readonly outputShape?: readonly number[];
  /** Why core does not read it. */
  readonly unread?: PoliceError;
}

/** A smaller file is evaluated faster by core than the runtime starts. */
const SMALL_FILE = 2 ** 18;

/** Entries of what goes into the runtime, and what comes out of it, at a time. */
const BATCH_ENTRIES = 2 ** 20;

/** A runtime that computes rows in a batch sums in another order. */
const BATCH_TOLERANCE = 1e-3;

/** Throws `unsupported-layer` where core cannot read the model and the runtime is not there, or does not take it. */
export async function evaluatorOf(subject: Subject): Promise<Evaluator> {
  const { network, bytes, ends, outputShape } = subject;
  const isSmall = bytes.length <= SMALL_FILE;
  if (network && outputShape && isSmall) return coreEvaluator(network, outputShape);
  const ort = await loadRuntime();
  if (ort) {
    const guaranteed = [{ tensor: ends.guaranteedTensor, isOutput: ends.isOutput }];
    return runtimeEvaluator(await startRuntime(ort, bytes, { ...ends, guaranteed }), ends);
  }
  if (network && outputShape) return coreEvaluator(network, outputShape);
  throw new PoliceError({
    code: 'unsupported-layer',
    where: ends.guaranteedTensor,
    expected: 'onnxruntime-web, which computes the values of a model that cannot be read',
    actual: `not installed. ${subject.unread?.message ?? ''}`.trim(),
    remedy: 'npm install onnxruntime-web',
  });
}

function coreEvaluator(network: Network, outputShape: readonly number[]): Evaluator {
  const units = [...network.sizes.values()].reduce((sum, size) => sum + size, 0);
  const rows = Math.max(1, Math.floor(BATCH_ENTRIES / units));
  return {
    outputShape,
    outputType: undefined,
    by: 'core',
    at: (points, stage) =>
      inBlocks(points, network.outputSize, rows, stage, async block => forward(network, block).data),
    release: async () => {},
  };
}

async function runtimeEvaluator(
  runtime: Runtime,
  { inputShape, guaranteedTensor }: ModelEnds,
): Promise<Evaluator> {
  const size = inputShape.reduce((product, n) => product * n, 1);
  const { dims, type } = await runtime.runRows(matrix(1, size));
  const outputs = dims.reduce((product, n) => product * n, 1);
  if (type !== 'float32' && type !== 'float64') {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: `'${guaranteedTensor}'`,
      expected: 'a tensor of float32 or float64 numbers, to be computed by ONNX Runtime',
      actual: type,
    });
  }
  const rows = (await takesBatches(runtime, size, outputs))
    ? Math.max(1, Math.min(256, Math.floor(BATCH_ENTRIES / (size + outputs))))
    : 1;
  return {
    outputShape: dims,
    outputType: type,
    by: 'ONNX Runtime',
    at: (points, stage) =>
      inBlocks(points, outputs, rows, stage, async block => (await runtime.runRows(block)).data),
    release: () => runtime.release(),
  };
}

/** Whether two rows at once are, one after the other, what they are alone. */
async function takesBatches(runtime: Runtime, size: number, outputs: number): Promise<boolean> {
  if (!runtime.takesBatches) return false;
  const two = matrix(2, size);
  for (let k = 0; k < two.data.length; k++) two.data[k] = Math.fround(Math.sin(k + 1));
  try {
    const { data } = await runtime.runRows(two);
    if (data.length !== 2 * outputs) return false;
    for (const i of [0, 1]) {
      const alone = await runtime.run(rowOf(two, i));
      for (let j = 0; j < outputs; j++) {
        const [together, single] = [data[i * outputs + j], alone[j]];
        if (!(Math.abs(together - single) <= BATCH_TOLERANCE * (1 + Math.abs(single)))) return false;
      }
    }
    return true;
  } catch {
    // Sizes inside that hold for one sample only: the runtime says so of any other number.
    return false;
  }
}

async function inBlocks(
  points: Matrix,
  outputs: number,
  rows: number,
  stage: ReturnType<Talk['stage']> | undefined,
  compute: (block: Matrix) => Promise<ArrayLike<number>>,
): Promise<Matrix> {
  const { cols } = points;
  const values = matrix(points.rows, outputs);
  for (let from = 0; from < points.rows; from += rows) {
    const to = Math.min(points.rows, from + rows);
    const block = matrix(to - from, cols, points.data.slice(from * cols, to * cols));
    values.data.set(await compute(block), from * outputs);
    stage?.(to, points.rows);
  }
  return values;
}
