import { lstatSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PoliceError } from '@police/core';
import { type ExternalData, type ImportedModel, type ReadOptions, readModel } from '@police/onnx-import';
import { collectAfter } from './collect.js';
import { assertInOnePiece, readInput } from './files.js';
import { readFixedInputs } from './fixed-inputs.js';
import type { Terminal } from './terminal.js';

/** Options of every command that reads a model. */
export interface ModelOptions {
  /** Comma-separated sizes, for a model that leaves them open. */
  readonly inputShape?: string;
  /** Names of the outputs to read; all by default. */
  readonly outputName?: readonly string[];
  /** Tensors inside to read instead. */
  readonly at?: readonly string[];
  /** Inputs held at constants, as said. */
  readonly fix?: readonly string[];
  /** How far from affine the tails of smooth functions may be. */
  readonly epsilon?: number;
  /** MiB. */
  readonly memory?: number;
}

export interface ModelFile {
  /** The file's, data from beside it inside. */
  readonly bytes: Uint8Array;
  readonly model: ImportedModel;
}

export async function readModelFile(
  path: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<ModelFile> {
  assertNoFolder(path);
  const fix = await readFixedInputs(options.fix ?? [], terminal);
  const bytes = await readInput(path, terminal);
  const reading = { ...readOptionsOf(options), fix, externalData: siblingsOf(path), takeOver: true };
  const model = readModel(bytes, reading);
  collectAfter(bytes.length);
  return { bytes: model.source.bytes, model };
}

/** TensorFlow saves a folder. */
export function assertNoFolder(path: string): void {
  if (path === '-' || !lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const isSavedModel = lstatSync(join(path, 'saved_model.pb'), { throwIfNoEntry: false }) !== undefined;
  throw new PoliceError({
    code: 'invalid-network',
    where: path,
    expected: 'an ONNX file',
    actual: isSavedModel ? 'a TensorFlow SavedModel' : 'a folder',
    ...(isSavedModel
      ? { remedy: `Convert it: python -m tf2onnx.convert --saved-model ${path} --output model.onnx.` }
      : {}),
  });
}

/** Files beside the model: PyTorch writes weights to `model.onnx.data`. Anything but a plain name is refused. */
export function siblingsOf(path: string): ExternalData {
  return location => {
    const isPlain = path !== '-' && basename(location) === location && !['.', '..'].includes(location);
    const file = join(dirname(path), location);
    if (isPlain && lstatSync(file, { throwIfNoEntry: false })?.isFile()) {
      assertInOnePiece(lstatSync(file).size, file);
      return readFileSync(file);
    }
    throw new PoliceError({
      code: 'invalid-network',
      where: path,
      expected: "its data in a file of the model's own folder",
      actual: isPlain ? `no file '${location}' there` : `'${location.slice(0, 80)}'`,
      remedy: 'Put the file beside the model, or save the model as one file.',
    });
  };
}

export function readOptionsOf({ inputShape, outputName, at, epsilon, memory }: ModelOptions): ReadOptions {
  return {
    ...(inputShape === undefined ? {} : { inputShape: inputShape.split(/[,x]/).map(Number) }),
    ...(outputName === undefined ? {} : { output: outputName }),
    ...(at === undefined ? {} : { at }),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(memory === undefined ? {} : { memory: memory * 2 ** 20 }),
  };
}
