import { parse, print, split, toDNF, toVersion2, VnnLibError } from '@police/vnnlib';
import { expect, test } from 'vitest';

const DEEP = 100_000;
const head = '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n';
const nested = (open: string, inside: string) =>
  `${open.repeat(DEEP)}${inside}${')'.repeat(DEEP * open.split('(').length - DEEP)}`;

test.each(['and', 'or', 'not'])('%s, nested as deep as memory, works', word => {
  const text = `${head}(assert ${nested(`(${word} `, '(<= X_0 1)')})`;
  const query = parse(text);
  expect(split(query).disjuncts[0].region.bounds.get(0)?.upper?.value).toEqual({
    numerator: 1n,
    denominator: 1n,
  });
  expect(toDNF(toVersion2(query)).disjuncts).toHaveLength(1);
  expect(print(parse(print(query)))).toBe(print(query));
});

test.each([
  ['(- ', 1n],
  ['(+ 0 ', 1n],
  ['(* 1 ', 1n],
  ['(/ ', undefined],
])('%s, nested as deep as memory, works', (open, bound) => {
  if (bound === undefined)
    return expect(() => parse(`${head}(assert (<= ${nested(open, 'X_0')} 1))`)).toThrow(VnnLibError);
  const query = parse(`${head}(assert (<= ${nested(open, 'X_0')} 1))`);
  expect(split(query).disjuncts[0].region.bounds.get(0)?.upper?.value.numerator).toBe(bound);
  expect(print(parse(print(toVersion2(query))))).toBe(print(toVersion2(query)));
});

test('a factor that grows with the depth is refused, not computed', () => {
  const query = parse(`${head}(assert (<= ${nested('(+ X_1 (* 2 ', 'X_0')} 1))`);
  expect(() => split(query)).toThrow('expected numerators and denominators below 2^4096');
});

test.each([
  '(',
  '[',
  '((',
  '(assert ',
  '(a [',
  '(assert (or ',
  '"\\"\n',
  '|\n',
  ')',
  ']',
  ',',
  ';',
  '(and (',
  'X_0 ',
])('%j over and over is an error with few problems listed', text => {
  try {
    parse(text.repeat(DEEP));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(VnnLibError);
    expect((error as VnnLibError).problems.length).toBeLessThanOrEqual(20);
  }
});

test('a declaration with an enormous index allocates nothing', () => {
  expect(() => parse('(declare-const X_999999999 Real)')).toThrow('got X_999999999 but no X_0');
  expect(() => parse('(declare-const X_99999999999999999999 Real)')).toThrow(
    'expected a variable X_i or Y_j',
  );
  const query = parse(
    '(vnnlib-version <2.0>)(declare-network f (declare-input X Real [3000000,3000000])(declare-output Y Real []))(assert (<= X[2999999,2999999] 1))',
  );
  expect([...split(query).disjuncts[0].region.bounds.keys()]).toEqual([3_000_000 ** 2 - 1]);
  expect(print(parse(print(query)))).toBe(print(query));
});
