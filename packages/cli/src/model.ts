import { type ImportedModel, readModel } from '@police/onnx-import';
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
  readonly bytes: Uint8Array;
  readonly model: ImportedModel;
}

export async function readModelFile(
  path: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<ModelFile> {
  const bytes = await readInput(path, terminal);
  return { bytes, model: parseModel(bytes, options) };
}

export function parseModel(bytes: Uint8Array, { inputShape, outputName }: ModelOptions): ImportedModel {
  return readModel(bytes, {
    ...(inputShape === undefined ? {} : { inputShape: inputShape.split(/[,x]/).map(Number) }),
    ...(outputName === undefined ? {} : { output: outputName }),
  });
}
