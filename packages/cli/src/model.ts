import { lstatSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PoliceError } from '@police/core';
import { type ExternalData, type ImportedModel, type ReadOptions, readModel } from '@police/onnx-import';
import { readInput } from './files.js';
import type { Terminal } from './terminal.js';

/** Options of every command that reads a model. */
export interface ModelOptions {
  /** Comma-separated sizes, for a model that leaves them open. */
  readonly inputShape?: string;
  /** Name of the output to read, where there are several. */
  readonly outputName?: string;
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
  const model = parseModel(await readInput(path, terminal), options, siblingsOf(path));
  return { bytes: model.source.bytes, model };
}

/** Files beside the model: PyTorch writes weights to `model.onnx.data`. Anything but a plain name is refused. */
export function siblingsOf(path: string): ExternalData {
  return location => {
    const isPlain = path !== '-' && basename(location) === location && !['.', '..'].includes(location);
    const file = join(dirname(path), location);
    if (isPlain && lstatSync(file, { throwIfNoEntry: false })?.isFile()) return readFileSync(file);
    throw new PoliceError({
      code: 'invalid-network',
      where: path,
      expected: "its data in a file of the model's own folder",
      actual: isPlain ? `no file '${location}' there` : `'${location.slice(0, 80)}'`,
      remedy: 'Put the file beside the model, or save the model as one file.',
    });
  };
}

export function parseModel(
  bytes: Uint8Array,
  options: ModelOptions,
  externalData?: ExternalData,
): ImportedModel {
  return readModel(bytes, { ...(externalData ? { externalData } : {}), ...readOptionsOf(options) });
}

export function readOptionsOf({ inputShape, outputName }: ModelOptions): ReadOptions {
  return {
    ...(inputShape === undefined ? {} : { inputShape: inputShape.split(/[,x]/).map(Number) }),
    ...(outputName === undefined ? {} : { output: outputName }),
  };
}
