import { type Matrix, matrix } from '@police/core';
import { readInput } from './files.js';
import { badNpy, isNpy, type NpyHeader, npyEntries, npyHeader } from './npy.js';
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
  const found = isNpy(bytes)
    ? readNpy(bytes, size, path)
    : readCsv(new TextDecoder().decode(bytes), size, path);
  if (found.values.length === 0) throw badNpy(path, 'at least one sample', 'none');
  return matrix(found.values.length / found.size, found.size, found.values);
}

interface Samples {
  readonly size: number;
  readonly values: Float64Array;
}

function readNpy(bytes: Uint8Array, expected: number | undefined, path: string): Samples {
  const header = npyHeader(bytes, path, 'floats');
  const { count, size } = entriesIn(header, expected, path);
  const values = npyEntries(bytes, header, count, path);
  const wrong = values.findIndex(value => !Number.isFinite(value));
  if (wrong < 0) return { size, values };
  const place = `sample ${Math.floor(wrong / size)} entry ${wrong % size}`;
  throw badNpy(`${path} ${place}`, 'a finite number', `${values[wrong]}`);
}

/** How many entries a header claims, and how many make a sample: its axes after the first, or all. */
function entriesIn(
  { shape, text }: NpyHeader,
  expected: number | undefined,
  path: string,
): { count: number; size: number } {
  const product = (axes: readonly number[]) => axes.reduce((sum, length) => sum * length, 1);
  const count = product(shape);
  const size = expected ?? (shape.length === 1 ? shape[0] : product(shape.slice(1)));
  const fits = product(shape.slice(1)) === size || count === size;
  if (text === undefined || shape.length === 0 || shape.includes(-1) || size === 0 || !fits) {
    throw badNpy(
      path,
      `an array of shape (samples, ${size}), or one whose axes, all or after the first, multiply to ${size}`,
      `(${text ?? ''})`,
    );
  }
  if (Number.isSafeInteger(count)) return { count, size };
  throw badNpy(path, 'as many numbers as the file holds', `${count}`);
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
    if (wrong >= 0) throw badNpy(`${path} line ${i + 1}`, 'numbers', `'${cells[wrong].slice(0, 40)}'`);
    size ??= numbers.length;
    if (numbers.length !== size)
      throw badNpy(`${path} line ${i + 1}`, `${size} numbers`, `${numbers.length}`);
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
  if (isQuoted) throw badNpy(place, 'a closing quote', 'the end of the line');
  return cells.map(cell => cell.trim());
}
