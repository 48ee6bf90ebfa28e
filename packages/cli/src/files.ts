import { createReadStream, promises as fs } from 'node:fs';
import { PoliceError } from '@police/core';
import { parseJson } from './json.js';
import type { Memory } from './memory.js';
import type { Terminal } from './terminal.js';

/** The bytes of a file, or of standard input for `-`. */
export async function readInput(path: string, { stdin }: Terminal): Promise<Uint8Array> {
  if (path === '-') return gathered(stdin, bytes => assertInOnePiece(bytes, path));
  try {
    assertInOnePiece((await fs.stat(path)).size, path);
    const { buffer, byteOffset, length } = await fs.readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    if (error instanceof PoliceError) throw error;
    throw unusable(path, 'a file that can be read', error);
  }
}

/** Protobuf's limit on a message, and what Node reads at once. */
const MOST_BYTES = 2 ** 31 - 1;

/** Throws `too-large` for a file that is not read in one piece. */
export function assertInOnePiece(bytes: number, where: string): void {
  if (bytes <= MOST_BYTES) return;
  throw new PoliceError({
    code: 'too-large',
    where,
    expected: 'at most 2 GiB',
    actual: `${(bytes / 2 ** 30).toFixed(1)} GiB`,
    remedy:
      'Weights are read in one piece: store them in float16 (onnxconverter_common.float16), or export the part of the network that matters.',
  });
}

/** A text, if it is no longer than the memory allows; nothing longer is read. */
export async function readText(path: string, { stdin }: Terminal, memory: Memory): Promise<string> {
  const bytes = path === '-' ? await limited(stdin, path, memory) : await readLimited(path, memory);
  return new TextDecoder().decode(bytes);
}

/** A JSON file; see `parseJson`. */
export async function readJson(path: string, terminal: Terminal, memory: Memory): Promise<unknown> {
  return parseJson(await readText(path, terminal, memory), path);
}

async function readLimited(path: string, memory: Memory): Promise<Uint8Array> {
  try {
    const found = await fs.stat(path);
    if (found.isFile()) memory.assertText(found.size, path);
    // What is no regular file, such as a pipe, tells its length by ending.
    return await limited(createReadStream(path), path, memory);
  } catch (error) {
    if (error instanceof PoliceError) throw error;
    throw unusable(path, 'a file that can be read', error);
  }
}

function limited(
  chunks: AsyncIterable<Uint8Array | string>,
  path: string,
  memory: Memory,
): Promise<Uint8Array> {
  return gathered(chunks, bytes => memory.assertText(bytes, path));
}

async function gathered(
  chunks: AsyncIterable<Uint8Array | string>,
  check: (bytes: number) => void,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += part.length;
    check(bytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function unusable(where: string, expected: string, cause: unknown): PoliceError {
  const actual = cause instanceof Error ? cause.message : String(cause);
  return new PoliceError({ code: 'invalid-option', where, expected, actual, cause });
}
