import { basename, dirname, resolve } from 'node:path';
import { PoliceError } from '@police/core';
import {
  type ExternalData,
  type ImportedModel,
  type ReadOptions,
  readEnds,
  readModel,
  withDataOutside,
  withExternalData,
} from '@police/onnx-import';
import type { Subject } from './evaluator.js';
import { readInput } from './files.js';
import { readFixedInputs } from './fixed-inputs.js';
import { assertNoFolder, type ModelOptions, readOptionsOf, siblingsOf } from './model.js';
import { type DataOptions, dataPathFor } from './outside-data.js';
import type { Terminal } from './terminal.js';

/** A model that is to be patched: of its middle, what can be read. */
export interface PatchSubject extends Subject {
  /** The file's own bytes, its data beside it. */
  readonly file: Uint8Array;
  readonly read: ReadOptions;
  /** Absent where core cannot read it. */
  readonly model?: ImportedModel;
}

/** Reads a model as far as it can be read. Throws where not even its ends can be. */
export async function readSubject(
  path: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<PatchSubject> {
  assertNoFolder(path);
  const read = { ...readOptionsOf(options), fix: await readFixedInputs(options.fix ?? [], terminal) };
  const file = await readInput(path, terminal);
  const ends = readEnds(file, read);
  const bytes = withExternalData(file, siblingsOf(path));
  try {
    const model = readModel(bytes, read);
    const { network, guaranteedShape: outputShape } = model;
    const isRead = model.unread.length === 0;
    return { file, bytes, read, ends, model, outputShape, ...(isRead ? { network } : {}) };
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    return { file, bytes, read, ends, unread: error };
  }
}

/** Where a patched model's data is. */
export interface Placement {
  /** What the patch is appended to. */
  readonly bytes: Uint8Array;
  /** The file that its data is to be in, if it is to be in one of its own. */
  readonly dataPath?: string;
  /** Whether it stays where it is: beside the model, where what is written is, too. */
  readonly isShared: boolean;
}

/** Data that is beside a model stays there, where what is written will be; else it goes beside that, or inside. */
export async function placementOf(
  { file, bytes }: PatchSubject,
  path: string,
  options: DataOptions,
  outputs: readonly string[],
): Promise<Placement> {
  const { output, inline } = options;
  const isBeside = output !== '-' && dirname(resolve(output)) === dirname(resolve(path));
  if (file !== bytes && isBeside && !inline) return { bytes: file, isShared: true };
  const dataPath = await dataPathFor(file !== bytes, options, outputs);
  return { bytes, isShared: false, ...(dataPath === undefined ? {} : { dataPath }) };
}

/** The files of a patched model, and how to read its data. */
export function placed(
  patched: Uint8Array<ArrayBuffer>,
  { dataPath, isShared }: Placement,
  path: string,
): { file: Uint8Array<ArrayBuffer>; data?: Uint8Array<ArrayBuffer>; externalData?: ExternalData } {
  if (isShared) return { file: patched, externalData: siblingsOf(path) };
  if (dataPath === undefined) return { file: patched };
  const { bytes: file, data } = withDataOutside(patched, basename(dataPath));
  return { file, data, externalData: () => data };
}
