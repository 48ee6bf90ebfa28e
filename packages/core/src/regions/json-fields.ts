import { PoliceError } from '../errors.js';

/** Reads the fields of a JSON object and says, by path, which one is missing, superfluous or of another type. */
export interface Fields {
  /** Where the object is, such as `region.region`. */
  readonly path: string;
  has(name: string): boolean;
  number(name: string): number;
  vector(name: string): number[];
  /** Rows of numbers; their lengths are the constructors' matter. */
  rows(name: string): number[][];
  vectorOrRows(name: string): number[] | number[][];
  object(name: string): Fields;
  text(name: string): string;
  /** Throws unless the object has no other fields. */
  assertOnly(...names: string[]): void;
}

/** Throws `invalid-option` unless `value` is an object. */
export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(path, 'an object', value);
  }
  const object = value as Record<string, unknown>;
  const has = (name: string) => object[name] !== undefined;
  const field = <T>(name: string, expected: string, check: (value: unknown, at: string) => T): T => {
    if (!has(name)) throw malformed(`${path}.${name}`, expected, undefined);
    return check(object[name], `${path}.${name}`);
  };
  return {
    path,
    has,
    number: name => field(name, 'a number', numberAt),
    vector: name => field(name, 'an array of numbers', vectorAt),
    rows: name => field(name, 'an array of arrays of numbers', rowsAt),
    vectorOrRows: name =>
      field(name, 'an array of numbers or of arrays of numbers', (entries, at) =>
        Array.isArray(entries) && Array.isArray(entries[0]) ? rowsAt(entries, at) : vectorAt(entries, at),
      ),
    object: name => field(name, 'an object', fieldsOf),
    text: name =>
      field(name, 'a string', (text, at) => {
        if (typeof text !== 'string') throw malformed(at, 'a string', text);
        return text;
      }),
    assertOnly: (...names) => {
      const other = Object.keys(object).find(name => !names.includes(name) && has(name));
      if (other === undefined) return;
      throw malformed(`${path}.${other}`, `no field but ${names.join(', ')}`, object[other]);
    },
  };
}

function numberAt(value: unknown, path: string): number {
  // JSON has no infinities; what `JSON.stringify` makes of them is null.
  if (typeof value !== 'number') throw malformed(path, 'a number', value);
  return value;
}

function vectorAt(value: unknown, path: string): number[] {
  if (!Array.isArray(value)) throw malformed(path, 'an array of numbers', value);
  return value.map((entry, i) => numberAt(entry, `${path}[${i}]`));
}

function rowsAt(value: unknown, path: string): number[][] {
  if (!Array.isArray(value)) throw malformed(path, 'an array of arrays of numbers', value);
  return value.map((entry, i) => vectorAt(entry, `${path}[${i}]`));
}

const LONGEST_EXCERPT = 80;

/** The error of a JSON value that is not what it should be. */
export function malformed(where: string, expected: string, value: unknown): PoliceError {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected,
    actual: text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text,
  });
}
