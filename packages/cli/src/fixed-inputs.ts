import { PoliceError } from '@police/core';
import type { FixedInput } from '@police/onnx-import';
import { readInput } from './files.js';
import { isNpy, npyEntries, npyHeader } from './npy.js';
import type { Terminal } from './terminal.js';

/** What `--fix name=value.npy` and `--fix name=0.5` hold inputs at. Throws `invalid-option`. */
export async function readFixedInputs(
  words: readonly string[],
  terminal: Terminal,
): Promise<Record<string, FixedInput>> {
  const fixed: [string, FixedInput][] = [];
  for (const text of words) {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) throw misused(text, 'name=value.npy, or name=number', `'${text}'`);
    if (fixed.some(([other]) => other === name)) throw misused(text, 'each input once', `'${name}' again`);
    fixed.push([name, await heldAt(value, text, terminal)]);
  }
  return Object.fromEntries(fixed);
}

/** The file that `name=value.npy` names, if it names one. */
export function fixedFileIn(words: string): string | undefined {
  const value = words.slice(words.indexOf('=') + 1);
  return isNumber(value) ? undefined : value;
}

function isNumber(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value));
}

async function heldAt(value: string, text: string, terminal: Terminal): Promise<FixedInput> {
  if (isNumber(value)) return { data: [Number(value)] };
  const bytes = await readInput(value, terminal);
  if (!isNpy(bytes)) throw misused(text, 'a NumPy file (.npy), or a number', `'${value}', which is neither`);
  const header = npyHeader(bytes, value, 'numbers');
  const { shape } = header;
  if (shape.includes(-1)) throw misused(text, 'an array', `one of shape (${header.text ?? ''})`);
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: npyEntries(bytes, header, count, value) };
}

function misused(text: string, expected: string, actual: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where: `--fix ${text}`, expected, actual });
}
