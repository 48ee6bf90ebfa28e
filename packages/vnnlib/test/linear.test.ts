import {
  fold,
  holds,
  linearConstraint,
  linearForm,
  operandsOf,
  parse,
  rational,
  type Term,
} from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { soleNetwork, values, version1 } from './arbitrary-query.js';
import { compares, evaluate, type Fraction, fraction, order, satisfiesQuery, type Values } from './oracle.js';

const head = '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n';

function comparisonOf(text: string) {
  const query = parse(`${head}(assert ${text})`, { file: 'p' });
  const [{ formula }] = query.assertions;
  if (formula.kind !== 'comparison') throw new Error(text);
  return { source: query.source, comparison: formula };
}

function sumOf(terms: ReturnType<typeof linearForm>['terms'], point: Values): Fraction {
  return terms.reduce<Fraction>(
    ([n, d], { tensor, index, coefficient }) => {
      const [p, q] = fraction(coefficient);
      const [r, s] = point(tensor, index);
      return [n * q * s + p * r * d, d * q * s];
    },
    [0n, 1n],
  );
}

test('a linear form has the value of its term, and a constraint the truth of its comparison', () => {
  fc.assert(
    fc.property(fc.oneof(version1, soleNetwork), values, (query, point) => {
      for (const { formula } of query.assertions) {
        if (formula.kind !== 'comparison') continue;
        for (const term of [formula.left, formula.right]) {
          const { terms, constant } = linearForm(term, query.source);
          const [n, d] = sumOf(terms, point);
          const [p, q] = fraction(constant);
          expect(order([n * q + p * d, d * q], evaluate(term, point))).toBe(0);
          expect(new Set(terms.map(({ tensor, index }) => `${tensor}${index}`)).size).toBe(terms.length);
          expect(terms.every(({ coefficient }) => coefficient.numerator !== 0n)).toBe(true);
        }
        const { terms, relation, bound } = linearConstraint(formula, query.source);
        const sign = order(sumOf(terms, point), fraction(bound));
        const isTrue = { '<': sign < 0, '<=': sign <= 0, '==': sign === 0, '!=': sign !== 0 }[relation];
        expect(isTrue).toBe(compares(formula, point));
      }
    }),
    { numRuns: 500 },
  );
});

test('the truth of a query at a point is that of its formulas', () => {
  fc.assert(
    fc.property(fc.oneof(version1, soleNetwork), values, (query, point) => {
      const exact = holds(query, ({ tensor, index }) => {
        const [numerator, denominator] = point(tensor, index);
        return { numerator, denominator };
      });
      expect(exact).toBe(satisfiesQuery(query, point));
    }),
  );
});

test('each comparator at less, equal and greater', () => {
  const truths = (operator: string) =>
    ['1', '2', '3'].map(value => {
      const query = parse(`(declare-const X_0 Real)(assert (${operator} X_0 (/ 4 2)))`);
      return holds(query, () => rational.fromDecimal(value));
    });
  expect(['<', '<=', '=', '>=', '>', 'distinct'].map(truths)).toEqual([
    [true, false, false],
    [true, true, false],
    [false, true, false],
    [false, true, true],
    [false, false, true],
    [true, false, true],
  ]);
});

test('products of elements, and divisions by them or by 0, are refused where they stand', () => {
  const cases: [string, string][] = [
    ['(<= (* X_0 X_1) 1)', 'p:2:13: expected constants times elements, got a product of elements.'],
    [
      '(<= 1 (+ X_0 (* 2 X_0 (+ X_1 1))))',
      'p:2:22: expected constants times elements, got a product of elements.',
    ],
    ['(<= (/ 1 X_0) 1)', 'p:2:13: expected constants times elements, got a division by an element.'],
    ['(<= (/ X_0 (- 1 1)) 1)', 'p:2:20: expected a divisor other than 0, got 0.'],
    ['(<= (/ 1 2 0) X_0)', 'p:2:20: expected a divisor other than 0, got 0.'],
  ];
  for (const [text, message] of cases) {
    const { comparison, source } = comparisonOf(text);
    expect(() => linearConstraint(comparison, source)).toThrow(message);
  }
});

test('numbers that outgrow exact arithmetic are refused with their place', () => {
  const { comparison, source } = comparisonOf(`(<= ${'(* 1e1000 '.repeat(5)}X_0${')'.repeat(5)} 1)`);
  expect(() => linearConstraint(comparison, source)).toThrow(
    'p:2:9: expected numerators and denominators below 2^4096',
  );
});

test('a sum of constants times constants and elements', () => {
  const { comparison, source } = comparisonOf(
    '(>= (- (* 3 X_0 (/ 1 6)) (+ 2 X_1)) (- (* X_0 0.5) (- Y_0) 1e-2))',
  );
  const { terms, relation, bound } = linearConstraint(comparison, source);
  expect(relation).toBe('<=');
  expect(
    terms.map(({ tensor, index, coefficient: c }) => [tensor, index, c.numerator, c.denominator]),
  ).toEqual([
    ['X', 1, 1n, 1n],
    ['Y', 0, 1n, 1n],
  ]);
  expect(bound).toEqual({ numerator: -199n, denominator: 100n });
});

test('fold visits a tree as recursion would', () => {
  const recursive = (term: Term): string => `${term.kind}(${operandsOf(term).map(recursive)})`;
  fc.assert(
    fc.property(version1, ({ assertions }) => {
      for (const { formula } of assertions) {
        if (formula.kind !== 'comparison') continue;
        const folded = fold<Term, string>(
          formula.left,
          operandsOf,
          (term, parts) => `${term.kind}(${parts})`,
        );
        expect(folded).toBe(recursive(formula.left));
      }
    }),
  );
});
