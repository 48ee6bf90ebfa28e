import { dirname, resolve } from 'node:path';
import { PoliceError } from '@police/core';
import { type ImportedModel, readEnds, withExternalData } from '@police/onnx-import';
import type { Subject } from './evaluator.js';
import { readInput } from './files.js';
import { type ModelOptions, parseModel, readOptionsOf, siblingsOf } from './model.js';
import type { Terminal } from './terminal.js';

/** A model that is to be patched: of its middle, what can be read. */
export interface PatchSubject extends Subject {
  /** The file's own bytes, its data beside it. */
  readonly file: Uint8Array;
  /** Absent where core cannot read it. */
  readonly model?: ImportedModel;
}

/** Reads a model as far as it can be read. Throws where not even its ends can be. */
export async function readSubject(
  path: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<PatchSubject> {
  const file = await readInput(path, terminal);
  const ends = readEnds(file, readOptionsOf(options));
  const bytes = withExternalData(file, siblingsOf(path));
  try {
    const model = parseModel(bytes, options);
    const { network } = model;
    const isRead = model.unread.length === 0;
    return { file, bytes, ends, model, outputShape: model.guaranteedShape, ...(isRead ? { network } : {}) };
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    return { file, bytes, ends, unread: error };
  }
}

/** The bytes to be written at `output`: data stay beside the model where that is in the same folder. */
export function bytesFor({ file, bytes }: PatchSubject, path: string, output: string): Uint8Array {
  if (file === bytes) return file;
  const isBeside = output !== '-' && dirname(resolve(output)) === dirname(resolve(path));
  return isBeside ? file : bytes;
}
