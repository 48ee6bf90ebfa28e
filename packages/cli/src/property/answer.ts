import {
  type CaseDecision,
  decide,
  forward,
  type LinearPrograms,
  type Network,
  PoliceError,
} from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import { loadRuntime, type Runtime, startRuntime } from '../runtime.js';
import { isSatisfied, type Property } from './property.js';

/** The words of the standard's interface. */
export type AnswerWord = 'sat' | 'unsat' | 'unknown' | 'timed-out';

/** What is found of a property. */
export interface PropertyAnswer {
  readonly answer: AnswerWord;
  /** Of `sat`: an input and the outputs there, as ONNX Runtime computed them if it did. */
  readonly point?: Float64Array;
  readonly outputs?: Float64Array;
  /** Whether ONNX Runtime agreed; absent where it was not asked. */
  readonly isConfirmed?: boolean;
  readonly cases: readonly CaseDecision[];
  readonly warnings: readonly string[];
}

export interface AnswerOptions {
  readonly memory?: number;
  readonly programs?: LinearPrograms;
  /** @defaultValue never */
  readonly isStopped?: () => boolean;
  /** Whether points are run in ONNX Runtime, where it is installed. @defaultValue true */
  readonly run?: boolean;
}

/** A model that was read: the bytes are what ONNX Runtime is given. */
export interface AskedModel {
  readonly bytes: Uint8Array;
  readonly model: ImportedModel;
}

/** What a question is put to: a network, its parts' files in the order of its inputs. */
interface Asked {
  readonly network: Network;
  readonly files: readonly AskedModel[];
}

/** What runs it, or why nothing does. */
type Running = Pick<Runtime, 'run' | 'release'> | { readonly warning: string } | undefined;

/**
 * Decides a property of a file. A point of `sat` lies in the region, violates for certain by the network that was read, and, where ONNX
 * Runtime is installed, in what that computes: where they differ the answer is `unknown`. Of float32 a point that nothing proves is tried
 * there too. Throws `unsupported-layer` for a model with a tail: the property would be about what the tail makes.
 */
export async function answerOf(
  property: Property,
  asked: AskedModel,
  options: AnswerOptions = {},
): Promise<PropertyAnswer> {
  return answerOfSeveral(property, { network: asked.model.network, files: [asked] }, options);
}

/** {@link answerOf} of networks side by side. */
export async function answerOfSeveral(
  property: Property,
  { network, files }: Asked,
  { run = true, ...options }: AnswerOptions = {},
): Promise<PropertyAnswer> {
  for (const { model } of files) assertWhole(model, property.file);
  const found = decide(network, property.cases, { ...options, arithmetic: property.arithmetic });
  const { cases, point } = found;
  const answer: AnswerWord = found.isStopped ? 'timed-out' : found.answer;
  if (answer === 'unsat' || answer === 'timed-out') return { answer, cases, warnings: [] };
  const tried = point ? [{ at: cases.length - 1, x: point }] : candidatesIn(property, cases);
  const runtime = run && tried.length > 0 ? await startedRuntimes(files) : undefined;
  if (!runtime || 'warning' in runtime) {
    const warnings = runtime ? [runtime.warning] : [];
    if (!point) return { answer, cases, warnings };
    const isRead = network.nodes.every(({ kind }) => kind !== 'opaque');
    if (!isRead) return { answer, point, cases, warnings };
    const outputs = forward(network, { rows: 1, cols: point.length, data: point }).data;
    return { answer, point, outputs, cases, warnings };
  }
  try {
    for (const { at, x } of tried) {
      const outputs = Float64Array.from(await runtime.run(x));
      if (outputs.every(Number.isFinite) && isSatisfied(property, property.cases[at], x, outputs))
        return { answer: 'sat', point: x, outputs, isConfirmed: true, cases, warnings: [] };
    }
  } finally {
    await runtime.release();
  }
  const warnings = point
    ? [`${property.file}: a point that violates by the model's numbers does not in ONNX Runtime`]
    : [];
  return { answer: 'unknown', cases, warnings };
}

/** Points that nothing proves, of a property about what a runtime computes. */
function candidatesIn(
  { arithmetic }: Property,
  cases: readonly CaseDecision[],
): { at: number; x: Float64Array }[] {
  if (arithmetic === 'exact') return [];
  return cases.flatMap(({ conjuncts }, at) =>
    conjuncts.flatMap(({ answer, point }) => (answer === 'unknown' && point ? [{ at, x: point }] : [])),
  );
}

/** Undefined where ONNX Runtime is not installed; a file that it does not take is a warning, since the answer does not need it. */
async function startedRuntimes(files: readonly AskedModel[]): Promise<Running> {
  const ort = await loadRuntime();
  if (!ort) return undefined;
  const runtimes: Runtime[] = [];
  const release = async () => {
    for (const runtime of runtimes) await runtime.release();
  };
  try {
    for (const { bytes, model } of files) runtimes.push(await startRuntime(ort, bytes, model));
  } catch (error) {
    await release();
    if (!(error instanceof PoliceError && error.code === 'unsupported-layer')) throw error;
    return { warning: `not run: ${error.message}` };
  }
  const run = async (x: Float64Array) => {
    const outputs: number[][] = [];
    let from = 0;
    for (const [i, runtime] of runtimes.entries()) {
      const { inputSize } = files[i].model.network;
      outputs.push(Array.from(await runtime.run(x.slice(from, from + inputSize))));
      from += inputSize;
    }
    return outputs.flat();
  };
  return { run, release };
}

/** Throws `unsupported-layer` for a model with a tail: a property would be about what that makes. */
export function assertWhole({ tail, outputName }: ImportedModel, file: string): void {
  if (tail.length === 0) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: file,
    expected: 'a model whose output is piecewise affine',
    actual: `'${outputName}', which a final ${tail.join(', ')} computes`,
    remedy: 'Ask about the tensor before it: cut the model there, and state the property for that.',
  });
}
