import { randomBytes } from 'node:crypto';
import { constants, promises as fs } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PoliceError } from '@police/core';
import type { Terminal } from './terminal.js';

/** The bytes of a file, or of standard input for `-`. */
export async function readInput(path: string, { stdin }: Terminal): Promise<Uint8Array> {
  if (path === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return Buffer.concat(chunks);
  }
  try {
    return await fs.readFile(path);
  } catch (error) {
    throw unusable(path, 'a file that can be read', error);
  }
}

export async function readText(path: string, terminal: Terminal): Promise<string> {
  return new TextDecoder().decode(await readInput(path, terminal));
}

/** A JSON file. `__proto__` keys are plain data here and are refused by the schemas that read them. */
export async function readJson(path: string, terminal: Terminal): Promise<unknown> {
  return parseJson(await readText(path, terminal), path);
}

export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(path, 'JSON', error);
  }
}

/** What is written: whole, or in pieces that together may be longer than a string. */
export type Content = string | Uint8Array | Iterable<string>;

/** A file to be written: `-` is standard output. */
export interface Output {
  readonly path: string;
  readonly content: Content;
}

/**
 * Writes all files or none: each to a temporary file in its folder first, renamed when all are complete, so that a crash or
 * a full disk never leaves half a model. Throws `invalid-option` where a file exists and `isForced` is not set.
 */
export async function writeOutputs(
  outputs: readonly Output[],
  { stdout }: Terminal,
  isForced: boolean,
): Promise<void> {
  await assertWritable(outputs, isForced);
  const files = outputs
    .filter(({ path }) => path !== '-')
    .map(output => ({ ...output, temporary: temporaryFor(output.path) }));
  try {
    for (const { temporary, content } of files) await writeThrough(temporary, content);
    for (const { temporary, path } of files) await fs.rename(temporary, path);
  } catch (error) {
    await Promise.all(files.map(({ temporary }) => fs.rm(temporary, { force: true })));
    throw unusable(files.map(({ path }) => path).join(', '), 'files that can be written', error);
  }
  for (const { path, content } of outputs)
    if (path === '-') for (const piece of piecesOf(content)) stdout.write(piece);
}

/** Throws `invalid-option` for files that are there already, before any work is done for them. */
export async function assertWritable(
  outputs: readonly Pick<Output, 'path'>[],
  isForced: boolean,
): Promise<void> {
  for (const { path } of outputs) {
    if (path === '-' || isForced || !(await isThere(path))) continue;
    throw new PoliceError({
      code: 'invalid-option',
      where: path,
      expected: 'a file that is not there yet',
      actual: 'one that is',
      remedy: 'Pass --force to replace it.',
    });
  }
}

const piecesOf = (content: Content): Iterable<string | Uint8Array> =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

async function writeThrough(path: string, content: Content): Promise<void> {
  const file = await fs.open(path, 'wx');
  try {
    for (const piece of piecesOf(content)) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await fs.access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

function unusable(where: string, expected: string, cause: unknown): PoliceError {
  const actual = cause instanceof Error ? cause.message : String(cause);
  return new PoliceError({ code: 'invalid-option', where, expected, actual, cause });
}
