import { parse, print, type Query } from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meaningOf, soleNetwork, version1, version2 } from './arbitrary-query.js';

const all: [string, fc.Arbitrary<Query>][] = [
  ['version 1', version1],
  ['version 2, one network', soleNetwork],
  ['version 2, several networks', version2],
];

test.each(all)('%s: parsing what was printed gives the query', (_, queries) => {
  fc.assert(
    fc.property(queries, query => {
      expect(meaningOf(parse(print(query)))).toEqual(meaningOf(query));
    }),
    { numRuns: 400 },
  );
});

test.each(all)('%s: every part knows its place', (_, queries) => {
  fc.assert(
    fc.property(queries, query => {
      const text = print(query);
      const read = parse(text);
      const { line, column } = read.source.position(read.assertions.at(-1)?.at ?? 0);
      const lines = text.split('\n').slice(0, -1);
      expect(line).toBe(read.assertions.length > 0 ? lines.length : 1);
      expect(column).toBe(1);
      for (const { formula, at } of read.assertions) {
        expect(text.startsWith('(assert ', at)).toBe(true);
        expect(text.slice(at + 8, formula.at + 1)).toBe('(');
      }
    }),
  );
});
