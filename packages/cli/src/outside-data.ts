import { PoliceError } from '@police/core';
import { sha256, type WrittenHashes } from './job-hashes.js';
import { assertWritable } from './outputs.js';

/** What tells where a model's data goes that is beside it. */
export interface DataOptions {
  readonly output: string;
  /** Whether data that was kept beside the model goes into what is written. */
  readonly inline?: boolean;
  readonly force?: boolean;
}

/** Of what was written. */
export function hashesOf(file: Uint8Array, data: Uint8Array | undefined): WrittenHashes {
  return { outputSha256: sha256(file), ...(data ? { dataSha256: sha256(data) } : {}) };
}

/** Where data goes that the model keeps beside itself: beside what is written, unless it is to be inside. */
export async function dataPathFor(
  isExternal: boolean,
  { output, inline, force }: DataOptions,
  outputs: readonly string[],
): Promise<string | undefined> {
  if (!isExternal || inline) return undefined;
  if (output === '-') {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'standard output',
      expected: 'one file',
      actual: 'a model with its data in another',
      remedy: 'Pass --inline to put the data into the model, or write to a file.',
    });
  }
  const path = `${output}.data`;
  await assertWritable([...outputs, path], force === true);
  return path;
}
