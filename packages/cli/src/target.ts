import { type Matrix, matrixFromRows, PoliceError } from '@police/core';
import { readJson } from './files.js';
import type { Memory } from './memory.js';
import type { Terminal } from './terminal.js';

/** Bounds C·f(x) ≤ d on the regions. */
export interface Target {
  /** `[m, outputs]`. */
  readonly C: Matrix;
  /** `[m]`. */
  readonly d: readonly number[];
}

/** `{ "C": [[…], …], "d": […] }`: each row of C weighs the outputs, each entry of d is its limit. */
export async function readTarget(
  path: string,
  outputs: number,
  terminal: Terminal,
  memory: Memory,
): Promise<Target> {
  const json = (await readJson(path, terminal, memory)) as { C?: unknown; d?: unknown } | null;
  const { C, d } = typeof json === 'object' && json !== null ? json : {};
  if (!isRows(C, outputs)) throw bad(path, `C, rows of ${outputs} numbers, one for each output`, C);
  if (!isNumbers(d) || d.length !== C.length)
    throw bad(path, `d, ${C.length} numbers, one for each row of C`, d);
  return { C: matrixFromRows(C, outputs), d };
}

/** Combinations of outputs: rows of numbers, as JSON. */
export async function readCombinations(
  path: string,
  outputs: number,
  terminal: Terminal,
  memory: Memory,
): Promise<Matrix> {
  const rows = await readJson(path, terminal, memory);
  if (!isRows(rows, outputs)) throw bad(path, `rows of ${outputs} numbers, one for each output`, rows);
  return matrixFromRows(rows, outputs);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(x => typeof x === 'number' && Number.isFinite(x));
}

function isRows(value: unknown, size: number): value is number[][] {
  return (
    Array.isArray(value) && value.length > 0 && value.every(row => isNumbers(row) && row.length === size)
  );
}

function bad(where: string, expected: string, found: unknown): PoliceError {
  const actual = (JSON.stringify(found) ?? 'nothing').slice(0, 80);
  return new PoliceError({ code: 'invalid-option', where, expected, actual });
}
