import { type Comparison, type Formula, parse, toDNF } from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { soleNetwork, values, version1 } from './arbitrary-query.js';
import { compares, satisfiesQuery } from './oracle.js';

/** The disjuncts of formulas that all hold, as comparisons in the order of the text: by definition, without bounds. */
function naive(formulas: readonly Formula[]): Comparison[][] {
  return formulas.reduce<Comparison[][]>(
    (all, formula) => all.flatMap(before => naiveOf(formula).map(own => [...before, ...own])),
    [[]],
  );
}

function naiveOf(formula: Formula): Comparison[][] {
  if (formula.kind === 'and') return naive(formula.operands);
  if (formula.kind === 'or') return formula.operands.flatMap(naiveOf);
  if (formula.operator !== '!=') return [[formula]];
  return [[{ ...formula, operator: '<' }], [{ ...formula, operator: '>' }]];
}

const queries = fc.oneof(version1, soleNetwork);
const limits = { maxDisjuncts: 300, maxSize: 20_000 };

test('the normal form has the disjuncts that the definition gives', () => {
  fc.assert(
    fc.property(queries, query => {
      const expected = naive(query.assertions.map(({ formula }) => formula));
      if (expected.length > limits.maxDisjuncts) {
        expect(() => toDNF(query, limits)).toThrow('expected at most 300 disjuncts');
        return;
      }
      const { common, disjuncts } = toDNF(query, limits);
      const sorted = (list: readonly Comparison[]) =>
        list.map(comparison => JSON.stringify(comparison)).sort();
      expect(disjuncts.map(own => sorted([...common, ...own]))).toEqual(expected.map(sorted));
      // In each of the two parts the order of the text is kept.
      for (const [i, own] of disjuncts.entries()) {
        for (const part of [common, own]) {
          const rest = expected[i].map(c => JSON.stringify(c));
          for (const comparison of part) {
            const place = rest.indexOf(JSON.stringify(comparison));
            expect(place).toBeGreaterThanOrEqual(0);
            rest.splice(0, place + 1);
          }
        }
      }
    }),
  );
});

test('the same values satisfy it', () => {
  fc.assert(
    fc.property(queries, values, (query, point) => {
      fc.pre(naive(query.assertions.map(({ formula }) => formula)).length <= limits.maxDisjuncts);
      const { common, disjuncts } = toDNF(query, limits);
      const all = (list: readonly Comparison[]) => list.every(comparison => compares(comparison, point));
      expect(all(common) && disjuncts.some(all)).toBe(satisfiesQuery(query, point));
    }),
    { numRuns: 500 },
  );
});

const head = '(declare-const X_0 Real)(declare-const X_1 Real)';
const pair = '(assert (or (<= X_0 1) (<= X_1 2)))';

test('bombs are refused before anything is made', () => {
  expect(() => toDNF(parse(head + pair.repeat(14)))).toThrow('expected at most 10000 disjuncts, got 16384');
  expect(() => toDNF(parse(head + pair.repeat(5000)))).toThrow('got more than 1e308');
  expect(() => toDNF(parse(`${head}${'(assert (distinct X_0 1))'.repeat(20)}`))).toThrow('got 1048576');
  expect(toDNF(parse(head + pair.repeat(14)), { maxDisjuncts: 16384 }).disjuncts).toHaveLength(16384);
  // Few disjuncts, each long.
  const deep = `(assert ${'(or (<= X_1 2) (and (<= X_0 1) '.repeat(3000)}(<= X_0 0)${'))'.repeat(3000)})`;
  expect(() => toDNF(parse(head + deep), { maxSize: 1_000_000 })).toThrow(
    'comparisons and connectives in all',
  );
});

test('what all disjuncts share stands once', () => {
  const bounds = Array.from({ length: 1000 }, (_, i) => `(assert (<= X_0 ${i}))`).join('');
  const alternatives = Array.from({ length: 1000 }, (_, i) => `(and (>= X_1 ${i}))`).join('');
  const { common, disjuncts } = toDNF(parse(`${head}${bounds}(assert (or ${alternatives}))`), {
    maxSize: 5000,
  });
  expect(common).toHaveLength(1000);
  expect(disjuncts.map(own => own.length)).toEqual(Array(1000).fill(1));
});
