import { type AffineMap, matrixFromRows, PoliceError } from '@police/core';
import { readJson } from './files.js';
import type { Memory } from './memory.js';
import type { Terminal } from './terminal.js';

/** Maps that no file gives. */
const NAMES: readonly unknown[] = ['fit', 'minimax', 'shift'];

/** Whether what `--map` says is a file's name. */
export function isMapFile(map: unknown): map is string {
  return typeof map === 'string' && !NAMES.includes(map);
}

/** `{ "A": [[…], …], "b": […] }`: a row of A for each output. */
export async function readMap(
  path: string,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
  terminal: Terminal,
  memory: Memory,
): Promise<AffineMap> {
  const json = (await readJson(path, terminal, memory)) as { A?: unknown; b?: unknown } | null;
  const { A, b } = typeof json === 'object' && json !== null ? json : {};
  const isRow = (row: unknown, size: number): row is number[] =>
    Array.isArray(row) && row.length === size && row.every(x => typeof x === 'number' && Number.isFinite(x));
  if (!Array.isArray(A) || A.length !== outputs || !A.every(row => isRow(row, inputs)))
    throw bad(path, `A, ${outputs} rows of ${inputs} numbers`, A);
  if (!isRow(b, outputs)) throw bad(path, `b, ${outputs} numbers`, b);
  return { A: matrixFromRows(A, inputs), b: Float64Array.from(b) };
}

function bad(where: string, expected: string, found: unknown): PoliceError {
  const actual = (JSON.stringify(found) ?? 'nothing').slice(0, 80);
  return new PoliceError({ code: 'invalid-option', where, expected, actual });
}
