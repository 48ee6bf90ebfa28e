import { type Formula, parse, print, split, type Term, VnnLibError } from '@police/vnnlib';
import { expect, test } from 'vitest';
import { problemsOf } from './problems.js';

const head = '(declare-const X_0 Real)\n(declare-fun X_1 () Real)\n(declare-const Y_0 Real)\n';
/** The body starts on line 4. */
const read = (body: string) => parse(head + body, { file: 'p' });

/** A formula as text, in version 1. */
const shown = (body: string) => print(read(body)).split('\n\n')[2]?.trimEnd();

test('every form of comparison and arithmetic is read', () => {
  for (const text of [
    '(assert (<= X_0 1.5))',
    '(assert (>= X_0 -1.5))',
    '(assert (< 0.5 X_0))',
    '(assert (> X_0 (- 0.5)))',
    '(assert (= X_0 (/ 1 3)))',
    '(assert (distinct X_0 0))',
    '(assert (<= (+ (* 2.0 X_0) (* X_1 -3) Y_0) (- X_0 X_1 1)))',
    '(assert (or (and (<= X_0 1) (or (<= Y_0 0) (>= Y_0 1))) (<= X_1 (* 2 (/ (- X_0) 4)))))',
  ]) {
    expect(shown(text)).toBe(text);
  }
});

test('numbers are written out', () => {
  expect(
    shown('(assert (<= X_0 1e-05))(assert (>= X_0 +.5))(assert (<= X_1 -2.5E1))(assert (>= X_1 3.))'),
  ).toBe('(assert (<= X_0 0.00001))\n(assert (>= X_0 0.5))\n(assert (<= X_1 -25.0))\n(assert (>= X_1 3.0))');
});

test('negations move inwards, chains become conjunctions', () => {
  expect(shown('(assert (not (or (<= X_0 1) (and (= X_1 2) (not (> Y_0 3))))))')).toBe(
    '(assert (and (> X_0 1) (or (distinct X_1 2) (> Y_0 3))))',
  );
  expect(shown('(assert (<= 0 X_0 X_1 1))')).toBe('(assert (and (<= 0 X_0) (<= X_0 X_1) (<= X_1 1)))');
  expect(shown('(assert (not (< 0 X_0 1)))')).toBe('(assert (or (>= 0 X_0) (>= X_0 1)))');
});

test('layout, comments and SMT-LIB’s other commands do not matter', () => {
  const text = `\ufeff; ( comment "\r\n(set-logic QF_LRA)(set-info :source |a ( symbol|)(set-info :status "(")\r
(declare-const\tX_0 Real); more\n(assert(<=X_0 1))`;
  expect(problemsOf(() => parse(text))).toEqual([['syntax', 4, 9, "'<=X_0'"]]);
  const { assertions, networks } = parse(text.replace('<=X_0', '<= X_0'));
  expect(assertions).toHaveLength(1);
  expect(networks[0].inputs[0].shape).toEqual([1]);
  expect(parse(`${head}(check-sat)(exit)`).assertions).toEqual([]);
});

test('everything has its place', () => {
  const { assertions, source } = read('(assert\n  (or (<= X_0\n    1)))');
  const places: [string, number, number][] = [];
  const visit = (node: Formula | Term) => {
    const { line, column } = source.position(node.at);
    places.push([node.kind, line, column]);
    if (node.kind === 'comparison') [node.left, node.right].map(visit);
    else if ('operands' in node) node.operands.map(visit);
  };
  visit(assertions[0].formula);
  expect(places).toEqual([
    ['or', 5, 3],
    ['comparison', 5, 7],
    ['element', 5, 11],
    ['constant', 6, 5],
  ]);
  expect(source.position(assertions[0].at)).toEqual({ line: 4, column: 1 });
});

test('all problems are found, each with its place', () => {
  const body = [
    '(assert (<= X_2 1))',
    '(assert (<= X_0))',
    '(assert (frob X_0 1))',
    '(assert (<= (% X_0 2) X_7))',
    '(declare-const X_0 Real)',
    '(declare-const Z_0 Real)',
    '(assert (and))',
    '(assert (<= X_0 1) (<= X_1 1))',
    '(nonsense)',
    '(assert (<= X[0] 1))',
    '(assert (<= X_01 1.2.3))',
    '(assert (not (<= X_0 1) (<= X_0 2)))',
    '(assert (<= X_0 (/ 1)))',
    '(declare-const Y_1 Int)',
    '(declare-fun Y_2 (Real) Real)',
  ].join('\n');
  expect(problemsOf(() => read(body))).toEqual(
    [
      ['undeclared', 4, 13, "'X_2'"],
      ['syntax', 5, 9, '1'],
      ['syntax', 6, 10, "'frob'"],
      ['undeclared', 7, 23, "'X_7'"],
      ['syntax', 7, 14, "'%'"],
      ['duplicate', 8, 16, 'X_0 again'],
      ['syntax', 9, 16, "'Z_0'"],
      ['syntax', 10, 9, "'(and …)'"],
      ['syntax', 11, 1, '2'],
      ['syntax', 12, 2, "'nonsense'"],
      ['undeclared', 13, 13, "'X[0]'"],
      ['undeclared', 14, 13, "'X_01'"],
      ['syntax', 14, 18, "'1.2.3'"],
      ['syntax', 15, 9, "'(not …)'"],
      ['syntax', 16, 17, "'(/ …)'"],
      ['syntax', 17, 1, 'other words'],
      ['syntax', 18, 1, 'other words'],
    ].sort(([, a, b], [, c, d]) => Number(a) - Number(c) || Number(b) - Number(d)),
  );
});

test('a missing parenthesis costs only its own command', () => {
  const body = '(assert (<= X_0 1)\n(assert (<= X_1 1))\n(assert (>= Q 0))\n)\n(assert (or (<= X_0 1)';
  expect(problemsOf(() => read(body))).toEqual([
    ['syntax', 4, 1, 'another command'],
    ['undeclared', 6, 13, "'Q'"],
    ['syntax', 7, 1, "')'"],
    ['syntax', 8, 1, 'the end of the text'],
  ]);
  // A declaration without its end still declares.
  expect(problemsOf(() => parse('(declare-const X_0 Real\n(assert (<= X_0 1))'))).toEqual([
    ['syntax', 1, 1, 'another command'],
  ]);
});

test('the message names file, line and column, and how many more there are', () => {
  const many = '(assert (<= Q 1))\n'.repeat(30);
  const error = (() => {
    try {
      return read(many);
    } catch (thrown) {
      return thrown as VnnLibError;
    }
  })() as VnnLibError;
  expect(error).toBeInstanceOf(VnnLibError);
  expect(error.problems).toHaveLength(20);
  expect(error.omitted).toBe(10);
  expect(error).toMatchObject({ code: 'undeclared', where: 'p:4:13', line: 4, column: 13, actual: "'Q'" });
  expect(error.message.split('\n')[0]).toBe(
    "p:4:13: expected a number or a declared variable X_i or Y_j, got 'Q'.",
  );
  expect(error.message.endsWith('\n… and 10 more.')).toBe(true);
  expect(() => parse('', { maxProblems: 0 })).toThrow(
    'option maxProblems: expected a whole number from 1 up, got 0',
  );
});

test('inputs are numbered without gaps, and there is one', () => {
  expect(problemsOf(() => parse('(declare-const X_0 Real)\n(declare-const X_2 Real)'))).toEqual([
    ['undeclared', 2, 16, 'X_2 but no X_1'],
  ]);
  expect(problemsOf(() => parse('; nothing'))).toEqual([['undeclared', 1, 1, 'none']]);
  // In any order, and without outputs: a region alone.
  const { input, output } = split(parse('(declare-const X_1 Real)(declare-const X_0 Real)'));
  expect([input.shape, output.shape]).toEqual([[2], [0]]);
});
