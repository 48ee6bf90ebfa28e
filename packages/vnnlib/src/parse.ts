import { VnnLibError } from './errors.js';
import { Problems } from './problems.js';
import type { Query, Version } from './query.js';
import { type Form, FormReader, shown, wordOf } from './s-expression.js';
import { Source } from './source.js';
import { Version1Reader } from './version1.js';
import { Version2Reader } from './version2.js';

/** Of `parse`: what messages call the text, and how many are collected. */
export interface ParseOptions {
  /**
   * What messages call the text.
   * @defaultValue `'query.vnnlib'`
   */
  readonly file?: string;
  /**
   * How many problems are listed; the rest are counted.
   * @defaultValue 20
   */
  readonly maxProblems?: number;
}

/**
 * The query in a text of VNN-LIB 1 or 2, checked against the language's rules. A text is of version 2 if it starts with
 * `(vnnlib-version <2.…>)` or `(declare-network …)`. Linear in time and memory; nesting may have any depth.
 *
 * Throws a `VnnLibError` that lists all problems found, in the order of the text.
 */
export function parse(text: string, { file = 'query.vnnlib', maxProblems = 20 }: ParseOptions = {}): Query {
  if (!Number.isInteger(maxProblems) || maxProblems < 1) {
    throw new VnnLibError({
      code: 'invalid-option',
      where: 'parse, option maxProblems',
      expected: 'a whole number from 1 up',
      actual: `${maxProblems}`,
    });
  }
  const source = new Source(file, text);
  const problems = new Problems(source, maxProblems);
  const reader = new FormReader(source, problems);
  const first = reader.next();
  const version = versionOf(first, problems);
  const query = version.major === 1 ? readVersion1(first) : readVersion2(first, version);
  problems.throwAny();
  return query;

  function readVersion1(start: Form | undefined): Query {
    const forms = new Version1Reader(problems);
    for (let form = start; form; form = reader.next()) forms.read(form);
    return { version, networks: [forms.network()], assertions: forms.assertions, source };
  }

  function readVersion2(start: Form | undefined, { minor }: Version): Query {
    const forms = new Version2Reader(problems, minor);
    const isVersion = start !== undefined && wordOf(start.items[0]) === 'vnnlib-version';
    for (let form = isVersion ? reader.next() : start; form; form = reader.next()) forms.read(form);
    forms.finish();
    return { version, networks: forms.networks, assertions: forms.assertions, source };
  }
}

const VERSION_1: Version = { major: 1, minor: 0 };
const VERSION_2: Version = { major: 2, minor: 0 };

function versionOf(form: Form | undefined, problems: Problems): Version {
  const command = wordOf(form?.items[0]);
  if (form && command === 'declare-network') {
    const expected = '(vnnlib-version <2.0>) at the start';
    problems.report(form.at, { code: 'version', expected, actual: 'none' });
    return VERSION_2;
  }
  if (!form || command !== 'vnnlib-version') return VERSION_1;
  const parts = /^<(\d{1,9})\.(\d{1,9})>$/.exec(wordOf(form.items[1]) ?? '');
  if (!parts || form.items.length !== 2) {
    const actual = shown(form.items[parts ? 2 : 1]);
    problems.report(form.at, { code: 'syntax', expected: 'a version such as <2.0>', actual });
    return VERSION_2;
  }
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major === 1) return VERSION_1;
  if (major !== 2) {
    problems.report(form.at, { code: 'version', expected: 'version 1 or 2', actual: parts[0] });
  }
  return { major: 2, minor };
}
