import { type Matrix, matrix, PoliceError } from '@police/core';
import { readInput } from './files.js';
import type { Terminal } from './terminal.js';

/**
 * Samples `[n, size]` from a NumPy array (.npy, float32 or float64, its first axis the samples, or all of it one) or from CSV. Without a `size` an
 * array's axes after the first, or a row of the CSV, tell.
 */
export async function readSamples(
  path: string,
  size: number | undefined,
  terminal: Terminal,
): Promise<Matrix> {
  const bytes = await readInput(path, terminal);
  const isNpy = bytes[0] === 0x93 && new TextDecoder().decode(bytes.subarray(1, 6)) === 'NUMPY';
  const found = isNpy ? readNpy(bytes, size, path) : readCsv(new TextDecoder().decode(bytes), size, path);
  if (found.values.length === 0) throw bad(path, 'at least one sample', 'none');
  return matrix(found.values.length / found.size, found.size, found.values);
}

interface Samples {
  readonly size: number;
  readonly values: Float64Array;
}

/** NumPy's format, versions 1 to 3 (numpy.lib.format). */
function readNpy(bytes: Uint8Array, expected: number | undefined, path: string): Samples {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = bytes.length > 8 && bytes[6] >= 2;
  if (bytes.length < (isLong ? 12 : 10)) throw bad(path, 'a NumPy file', `${bytes.length} bytes`);
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const width = { '<f4': 4, '<f8': 8 }[type ?? ''];
  if (!width) throw bad(path, "float32 or float64 numbers ('<f4' or '<f8')", `'${type}'`);
  if (!/'fortran_order':\s*False/.test(header))
    throw bad(path, 'rows one after the other (C order)', 'Fortran order');
  const { count, size } = entriesIn(header, expected, path);
  if (count * width !== bytes.length - end) {
    throw bad(path, `${count} numbers of ${width} bytes`, `${bytes.length - end} bytes`);
  }
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = width === 4 ? view.getFloat32(end + 4 * i, true) : view.getFloat64(end + 8 * i, true);
    if (!Number.isFinite(value)) {
      throw bad(`${path} sample ${Math.floor(i / size)} entry ${i % size}`, 'a finite number', `${value}`);
    }
    values[i] = value;
  }
  return { size, values };
}

/** How many entries a header claims, and how many make a sample: its axes after the first, or all. */
function entriesIn(
  header: string,
  expected: number | undefined,
  path: string,
): { count: number; size: number } {
  const text = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const parts = (text ?? '').split(',').map(part => part.trim());
  const shape = parts
    .filter((part, i) => part !== '' || i < parts.length - 1)
    .map(part => (/^\d+$/.test(part) ? Number(part) : -1));
  const product = (axes: readonly number[]) => axes.reduce((sum, length) => sum * length, 1);
  const count = product(shape);
  const size = expected ?? (shape.length === 1 ? shape[0] : product(shape.slice(1)));
  const fits = product(shape.slice(1)) === size || count === size;
  if (text === undefined || shape.length === 0 || shape.includes(-1) || size === 0 || !fits) {
    throw bad(
      path,
      `an array of shape (samples, ${size}), or one whose axes, all or after the first, multiply to ${size}`,
      `(${text ?? ''})`,
    );
  }
  if (Number.isSafeInteger(count)) return { count, size };
  throw bad(path, 'as many numbers as the file holds', `${count}`);
}

/**
 * Rows of `size` numbers, separated by commas, semicolons, tabs or spaces, quoted or not. A first row of names is a heading;
 * one of numbers and names is neither heading nor sample.
 */
function readCsv(text: string, expected: number | undefined, path: string): Samples {
  let size = expected;
  const values: number[] = [];
  let isFirst = true;
  // Excel marks UTF-8 by a character that no number begins with; the decoder has taken it away.
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    if (line.trim() === '') return;
    const cells = cellsOf(line, `${path} line ${i + 1}`);
    const numbers = cells.map(cell => (cell === '' ? Number.NaN : Number(cell)));
    const mayBeHeading = isFirst;
    isFirst = false;
    if (mayBeHeading && isHeading(cells)) return;
    const wrong = numbers.findIndex(x => !Number.isFinite(x));
    if (wrong >= 0) throw bad(`${path} line ${i + 1}`, 'numbers', `'${cells[wrong].slice(0, 40)}'`);
    size ??= numbers.length;
    if (numbers.length !== size) throw bad(`${path} line ${i + 1}`, `${size} numbers`, `${numbers.length}`);
    for (const x of numbers) values.push(x);
  });
  return { size: size ?? 1, values: Float64Array.from(values) };
}

/** Names, of which none begins like a number or says that one is missing. */
function isHeading(cells: readonly string[]): boolean {
  const isName = (cell: string) =>
    !/^[+-]?\.?\d/.test(cell) && !/^(nan|na|n\/a|null|none|[+-]?inf(inity)?)$/i.test(cell);
  return cells.some(cell => cell !== '') && cells.every(isName);
}

/** The cells of a line; a quoted one may hold what separates, and quotes doubled. */
function cellsOf(line: string, place: string): string[] {
  if (!line.includes('"')) return line.trim().split(/\s*[,;\t]\s*|\s+/);
  const cells = [''];
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"' && isQuoted && line[at + 1] === '"') cells[cells.length - 1] += line[at++];
    else if (line[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[,;\t]/.test(line[at])) cells.push('');
    else cells[cells.length - 1] += line[at];
  }
  if (isQuoted) throw bad(place, 'a closing quote', 'the end of the line');
  return cells.map(cell => cell.trim());
}

function bad(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected,
    actual,
    remedy: 'Samples are read from .npy or from CSV with one sample to a row.',
  });
}
