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
  numberOrVector(name: string): number | number[];
  vectorOrRows(name: string): number[] | number[][];
  object(name: string): Fields;
  text(name: string): string;
  /**
   * How many entries an array of numbers has, and how many the first row of rows; undefined where the first entry says that
   * it is no such array. Reads nothing else.
   */
  lengthOf(name: string): number | undefined;
  rowLengthOf(name: string): number | undefined;
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
    numberOrVector: name =>
      field(name, 'a number or an array of numbers', (value, at) =>
        Array.isArray(value) ? vectorAt(value, at) : numberAt(value, at),
      ),
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
    lengthOf: name => lengthOf(object[name]),
    rowLengthOf: name => lengthOf(Array.isArray(object[name]) ? object[name][0] : undefined),
    assertOnly: (...names) => {
      const other = Object.keys(object).find(name => !names.includes(name) && has(name));
      if (other === undefined) return;
      throw malformed(`${path}.${other}`, `no field but ${names.join(', ')}`, object[other]);
    },
  };
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) && typeof value[0] === 'number' ? value.length : undefined;
}

function numberAt(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  // JSON has neither infinities nor NaN; what `JSON.stringify` makes of them is null.
  const isMissing = value === null || value === undefined || typeof value === 'number';
  throw malformed(path, 'a number', value, isMissing ? 'not-finite' : 'invalid-option');
}

function vectorAt(value: unknown, path: string): number[] {
  if (!Array.isArray(value)) throw malformed(path, 'an array of numbers', value);
  // Holes count as undefined, which `map` would pass over.
  return Array.from(value, (entry, i) => numberAt(entry, `${path}[${i}]`));
}

function rowsAt(value: unknown, path: string): number[][] {
  if (!Array.isArray(value)) throw malformed(path, 'an array of arrays of numbers', value);
  return Array.from(value, (entry, i) => vectorAt(entry, `${path}[${i}]`));
}

const LONGEST_EXCERPT = 80;

/** The error of a JSON value that is not what it should be. */
export function malformed(
  where: string,
  expected: string,
  value: unknown,
  code: 'invalid-option' | 'not-finite' = 'invalid-option',
): PoliceError {
  const text = excerptOf(value);
  return new PoliceError({
    code,
    where,
    expected,
    actual: text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text,
  });
}

/** The start of the value as JSON; values may be too large or too deep to be written in full, or no JSON at all. */
function excerptOf(value: unknown, depth = 0): string {
  if (value === undefined) return depth === 0 ? 'nothing' : 'undefined';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, LONGEST_EXCERPT + 1));
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth > 4) return '…';
  const some = Object.entries(value).slice(0, LONGEST_EXCERPT / 2);
  const parts = some.map(([name, entry]) => {
    const text = excerptOf(entry, depth + 1);
    return Array.isArray(value) ? text : `${JSON.stringify(name)}:${text}`;
  });
  return Array.isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}
