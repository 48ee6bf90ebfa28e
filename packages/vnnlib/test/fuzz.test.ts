import { readdirSync, readFileSync } from 'node:fs';
import { sharedFolder } from '@police/testing/shared-files';
import {
  holds,
  outerBox,
  parse,
  print,
  rational,
  split,
  toDNF,
  toVersion2,
  VnnLibError,
} from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meaningOf, version1, version2 } from './arbitrary-query.js';

const files = ['vnnlib2', 'models']
  .flatMap(name => sharedFolder(name) ?? [])
  .flatMap(folder => readdirSync(folder).map(name => new URL(name, folder)))
  .filter(({ pathname }) => pathname.endsWith('.vnnlib'))
  .map(file => readFileSync(file, 'utf8'));

/** Whole files (where they are at hand) and generated queries. */
const texts = fc.oneof(
  ...(files.length > 0 ? [fc.constantFrom(...files)] : []),
  version1.map(print),
  version2.map(print),
);

const words = [
  ...[
    '(',
    ')',
    '[',
    ']',
    ',',
    '"',
    '|',
    ';',
    '\n',
    '\r',
    ' ',
    '\\',
    '\0',
    '\ufeff',
    '\ud800',
    '(assert ',
    '(declare-const ',
  ],
  ...[
    'X_0',
    'X_99999999999',
    'X_-1',
    'Y_0',
    'X[0]',
    'X[0,0]',
    '[]',
    '[1,2',
    'Real',
    'int8',
    'initialized',
    'equal-to',
    '<2.0>',
  ],
  ...[
    'and',
    'or',
    'not',
    '<=',
    '=',
    '==',
    '!=',
    'distinct',
    '+',
    '-',
    '*',
    '/',
    '0',
    '-0.0',
    '1e9',
    '1e-1200',
    '1e99999',
    '__proto__',
    'constructor',
  ],
  ...[
    '(declare-network f (declare-input X Real [1]) (declare-output Y Real [1]))',
    '(vnnlib-version <2.0>)',
    '(/ 1 0)',
    '(* X_0 X_0)',
  ],
];

type Edit = (text: string) => string;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...words)).map<Edit>(([p, word]) => text => {
    const at = Math.floor(p * text.length);
    return text.slice(0, at) + word + text.slice(at);
  }),
  fc.tuple(place, fc.nat(20)).map<Edit>(([p, length]) => text => {
    const at = Math.floor(p * text.length);
    return text.slice(0, at) + text.slice(at + length);
  }),
  // A word in place of another, of any kind or of the same: such texts stay close to the language, or in it.
  fc.tuple(place, fc.constantFrom(...words)).map<Edit>(
    ([p, word]) =>
      text =>
        replaced(text, /[^\s()[\],]+/g, p, word),
  ),
  fc.tuple(place, fc.constantFrom('0', '-1.5', '1e-3', '2.5e2', '1e1199', '123456789.123456789')).map<Edit>(
    ([p, number]) =>
      text =>
        replaced(text, /(?<=\s)-?\d+(\.\d+)?/g, p, number),
  ),
  fc.tuple(place, fc.constantFrom('<', '<=', '>', '>=')).map<Edit>(
    ([p, comparator]) =>
      text =>
        replaced(text, /(?<=\()[<>]=?/g, p, comparator),
  ),
  fc.tuple(place, fc.constantFrom('and', 'or')).map<Edit>(
    ([p, word]) =>
      text =>
        replaced(text, /(?<=\()(and|or)/g, p, word),
  ),
  fc.tuple(place, place, place).map<Edit>(([p, q, r]) => text => {
    const [from, to, at] = [p, q, r].map(x => Math.floor(x * text.length));
    return text.slice(0, at) + text.slice(from, Math.min(to, from + 300)) + text.slice(at);
  }),
  place.map<Edit>(p => text => text.slice(0, Math.floor(p * text.length))),
);

/** The text with one of the matches, the `p`-th of all, replaced. */
function replaced(text: string, pattern: RegExp, p: number, word: string): string {
  const all = [...text.matchAll(pattern)];
  if (all.length === 0) return text;
  const { index, 0: old } = all[Math.min(all.length - 1, Math.floor(p * all.length))];
  return text.slice(0, index) + word + text.slice(index + old.length);
}

/** The value, or undefined after a VnnLibError; every other error is a failure. */
function attempt<R>(run: () => R): R | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof VnnLibError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    expect(error.message).not.toMatch(/undefined|\[object|NaN/);
    return undefined;
  }
}

test('a changed text ends in a query or a VnnLibError, in every function', () => {
  let [read, total] = [0, 0];
  fc.assert(
    fc.property(texts, fc.array(edits, { minLength: 1, maxLength: 4 }), (text, changes) => {
      const changed = changes.reduce((before, edit) => edit(before), text);
      total++;
      const query = attempt(() => parse(changed, { file: 'f' }));
      if (!query) return;
      read++;
      expect(meaningOf(parse(print(query)))).toEqual(meaningOf(query));
      attempt(() => toDNF(query, { maxDisjuncts: 100 }));
      attempt(() => toVersion2(query));
      attempt(() => holds(query, () => rational.one));
      const found = attempt(() => split(query, { maxDisjuncts: 100 }));
      for (const { region } of found?.disjuncts ?? []) {
        if (region.size < 1e6) attempt(() => outerBox(region));
      }
    }),
    { numRuns: 2000 },
  );
  // The changes leave many texts readable: more than the parser was met.
  expect(read).toBeGreaterThan(total / 20);
});

test('any text at all ends in a query or a VnnLibError', () => {
  const soup = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary' })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(soup, fc.constantFrom('', ' '), (parts, between) => {
      attempt(() => parse(parts.join(between)));
    }),
    { numRuns: 2000 },
  );
});
