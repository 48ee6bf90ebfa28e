import { type Matrix, matrix, PoliceError } from '@police/core';
import { readInput } from './files.js';
import type { Terminal } from './terminal.js';

/** Samples `[n, size]` from a NumPy array (.npy, float32 or float64, its first axis the samples) or from CSV. */
export async function readSamples(path: string, size: number, terminal: Terminal): Promise<Matrix> {
  const bytes = await readInput(path, terminal);
  const isNpy = bytes[0] === 0x93 && new TextDecoder().decode(bytes.subarray(1, 6)) === 'NUMPY';
  const values = isNpy ? readNpy(bytes, path) : readCsv(new TextDecoder().decode(bytes), size, path);
  if (values.length > 0 && values.length % size === 0) return matrix(values.length / size, size, values);
  throw bad(path, `a multiple of ${size} numbers, one row to a sample`, `${values.length}`);
}

/** NumPy's format, versions 1 to 3 (numpy.lib.format). */
function readNpy(bytes: Uint8Array, path: string): Float64Array {
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
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '';
  const count = shape
    .split(',')
    .filter(part => part.trim() !== '')
    .reduce((product, part) => product * Number(part), 1);
  if (count * width !== bytes.length - end) {
    throw bad(path, `${count} numbers of ${width} bytes`, `${bytes.length - end} bytes`);
  }
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = width === 4 ? view.getFloat32(end + 4 * i, true) : view.getFloat64(end + 8 * i, true);
  }
  return values;
}

/** Rows of `size` numbers, separated by commas, semicolons, tabs or spaces; a first row without numbers is a heading. */
function readCsv(text: string, size: number, path: string): Float64Array {
  const values: number[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return;
    const cells = line.trim().split(/\s*[,;\t]\s*|\s+/);
    const numbers = cells.map(Number);
    if (i === 0 && numbers.every(Number.isNaN)) return;
    const wrong = numbers.findIndex((x, k) => cells[k] === '' || !Number.isFinite(x));
    if (wrong >= 0) throw bad(`${path} line ${i + 1}`, 'numbers', `'${cells[wrong]}'`);
    if (numbers.length !== size) throw bad(`${path} line ${i + 1}`, `${size} numbers`, `${numbers.length}`);
    for (const x of numbers) values.push(x);
  });
  return Float64Array.from(values);
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
