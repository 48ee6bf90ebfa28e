import { PoliceError } from '@police/core';
import { type ImportedModel, type ModelEnds, readEnds, readModel } from '@police/onnx-import';
import { coreEvaluator, type Evaluator, runtimeEvaluator } from './evaluator.js';

/** Someone's model, ready to be asked for its values. */
export interface OwnModel {
  readonly bytes: Uint8Array;
  readonly ends: ModelEnds;
  readonly evaluator: Evaluator;
  /** As core reads it; else why it does not. */
  readonly read: ImportedModel | PoliceError;
}

/** Throws a `PoliceError` for a file that is no model, or has one input; or what ONNX Runtime says of one that it cannot run. */
export async function openModel(bytes: Uint8Array): Promise<OwnModel> {
  const ends = readEnds(bytes);
  if (ends.inputShape.reduce((product, n) => product * n, 1) < 2) {
    throw new PoliceError({
      code: 'shape',
      where: 'this page',
      expected: 'a model of at least 2 inputs, to draw over two of them',
      actual: 'one of a single input',
      remedy: 'The police command enforces intervals too.',
    });
  }
  const read = tryToRead(bytes);
  return { bytes, ends, read, evaluator: await evaluatorOf(bytes, ends, read) };
}

/** Errors that another tool, which need not read the model, does not mind. */
function tryToRead(bytes: Uint8Array): ImportedModel | PoliceError {
  try {
    return readModel(bytes);
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
}

/** By core where it reads all of the model, else by ONNX Runtime. */
export function evaluatorOf(
  bytes: Uint8Array,
  { inputShape, isOutput, guaranteedTensor }: Pick<ModelEnds, 'inputShape' | 'isOutput' | 'guaranteedTensor'>,
  read: ImportedModel | PoliceError,
): Promise<Evaluator> {
  if (!(read instanceof PoliceError) && read.unread.length === 0)
    return Promise.resolve(coreEvaluator(read.network, read.guaranteedShape));
  if (isOutput) return runtimeEvaluator(bytes, inputShape);
  throw new PoliceError({
    code: 'unsupported-layer',
    where: guaranteedTensor,
    expected: 'an output of the model, to be run in this page',
    actual: 'a tensor inside',
    remedy: 'The police command runs it: police enforce --method patch.',
    cause: read,
  });
}
