import { PoliceError } from '@police/core';

/** Bytes of an entry, and how it is read. */
interface EntryType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const FLOATS: Readonly<Record<string, EntryType>> = {
  '<f4': { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

const NUMBERS: Readonly<Record<string, EntryType>> = {
  ...FLOATS,
  '|b1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '|u1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '|i1': { bytes: 1, read: (view, at) => view.getInt8(at) },
  '<i2': { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  '<u2': { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  '<i4': { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  '<u4': { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  '<i8': { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/** A NumPy array, row-major; its shape as written too. */
export interface NpyHeader {
  /** −1 for what is no size. */
  readonly shape: readonly number[];
  readonly text: string | undefined;
  readonly type: EntryType;
  /** Where the entries begin. */
  readonly start: number;
}

export function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && new TextDecoder().decode(bytes.subarray(1, 6)) === 'NUMPY';
}

/** NumPy's format, versions 1 to 3 (numpy.lib.format); of `floats` alone, or of whole numbers too. Throws `invalid-option`. */
export function npyHeader(bytes: Uint8Array, path: string, kinds: 'floats' | 'numbers'): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = bytes.length > 8 && bytes[6] >= 2;
  if (bytes.length < (isLong ? 12 : 10)) throw badNpy(path, 'a NumPy file', `${bytes.length} bytes`);
  const from = isLong ? 12 : 10;
  const start = from + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(from, start));
  const name = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const types = kinds === 'floats' ? FLOATS : NUMBERS;
  if (!Object.hasOwn(types, name)) {
    const expected =
      kinds === 'floats' ? "float32 or float64 numbers ('<f4' or '<f8')" : `numbers (${Object.keys(types)})`;
    throw badNpy(path, expected, `'${name}'`);
  }
  if (!/'fortran_order':\s*False/.test(header))
    throw badNpy(path, 'rows one after the other (C order)', 'Fortran order');
  const text = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const parts = (text ?? '').split(',').map(part => part.trim());
  const shape = parts
    .filter((part, i) => part !== '' || i < parts.length - 1)
    .map(part => (/^\d+$/.test(part) ? Number(part) : -1));
  return { shape, text, type: types[name], start };
}

/** The `count` entries of an array. Throws `invalid-option` unless the file holds as many. */
export function npyEntries(
  bytes: Uint8Array,
  { type, start }: NpyHeader,
  count: number,
  path: string,
): Float64Array {
  if (count * type.bytes !== bytes.length - start) {
    throw badNpy(path, `${count} numbers of ${type.bytes} bytes`, `${bytes.length - start} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: count }, (_, i) => type.read(view, start + type.bytes * i));
}

export function badNpy(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected,
    actual,
    remedy: 'Samples are read from .npy or from CSV with one sample to a row.',
  });
}
