import {
  type Bound,
  type Disjunct,
  type LinearConstraint,
  outerBox,
  parse,
  rational,
  split,
  toDNF,
  VnnLibError,
} from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { soleNetwork, values, version1 } from './arbitrary-query.js';
import { type Fraction, fraction, order, satisfiesQuery, type Values } from './oracle.js';

const queries = fc.oneof(version1, soleNetwork);
const limits = { maxDisjuncts: 300 };

function hasFewDisjuncts(query: Parameters<typeof toDNF>[0]): boolean {
  try {
    return toDNF(query, limits).disjuncts.length > 0;
  } catch {
    return false;
  }
}

function meets({ terms, relation, bound }: LinearConstraint, point: Values): boolean {
  const sum = terms.reduce<Fraction>(
    ([n, d], { tensor, index, coefficient }) => {
      const [[p, q], [r, s]] = [fraction(coefficient), point(tensor, index)];
      return [n * q * s + p * r * d, d * q * s];
    },
    [0n, 1n],
  );
  const sign = order(sum, fraction(bound));
  if (relation === '!=') throw new Error('a disjunct holds no !=');
  return { '<': sign < 0, '<=': sign <= 0, '==': sign === 0 }[relation];
}

const isInside = (value: Fraction, bound: Bound | undefined, side: 1 | -1) => {
  if (!bound) return true;
  const sign = order(value, fraction(bound.value)) * side;
  return bound.isStrict ? sign < 0 : sign <= 0;
};

function isIn({ region, outputs, mixed }: Disjunct, input: string, point: Values): boolean {
  const isInBounds = [...region.bounds].every(([index, { lower, upper }]) => {
    const value = point(input, index);
    return isInside(value, upper, 1) && isInside(value, lower, -1);
  });
  return (
    isInBounds && [...region.constraints, ...outputs, ...mixed].every(constraint => meets(constraint, point))
  );
}

test('the same values satisfy a query and one of its disjuncts; contradictory ones hold no values', () => {
  fc.assert(
    fc.property(queries, values, (query, point) => {
      fc.pre(hasFewDisjuncts(query));
      const { input, disjuncts } = split(query, limits);
      const holding = disjuncts.filter(
        disjunct => isIn(disjunct, input.name, point) && !disjunct.contradiction,
      );
      expect(holding.length > 0).toBe(satisfiesQuery(query, point));
      const contradictory = disjuncts.filter(({ contradiction }) => contradiction);
      const { disjuncts: dropped } = split(query, { ...limits, contradictions: 'drop' });
      expect(dropped).toHaveLength(disjuncts.length - contradictory.length);
      // What is marked beyond a comparison that is never true contradicts itself at every point, so at this one.
      for (const { region } of contradictory) {
        if (region.contradiction)
          expect(isIn({ region, outputs: [], mixed: [] }, input.name, point)).toBe(false);
      }
    }),
    { numRuns: 1000 },
  );
});

test('constraints are sorted by what they speak of, and bounds are of single inputs', () => {
  fc.assert(
    fc.property(queries, query => {
      fc.pre(hasFewDisjuncts(query));
      const { input, output, disjuncts } = split(query, limits);
      for (const { region, outputs, mixed } of disjuncts) {
        const tensorsOf = ({ terms }: LinearConstraint) =>
          [...new Set(terms.map(({ tensor }) => tensor))].sort();
        for (const constraint of region.constraints) {
          expect(tensorsOf(constraint)).toEqual([input.name]);
          expect(constraint.terms.length).toBeGreaterThan(1);
        }
        for (const constraint of outputs) expect(tensorsOf(constraint)).toEqual([output.name]);
        for (const constraint of mixed)
          expect(tensorsOf(constraint)).toEqual([input.name, output.name].sort());
        const open = [...Array(region.size).keys()].filter(i => {
          const interval = region.bounds.get(i);
          return !interval?.lower || !interval.upper;
        });
        expect(region.unbounded.count).toBe(open.length);
      }
    }),
  );
});

test('the box holds all that bounds allow, and no float64 less would', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.nat(25)), { minLength: 2, maxLength: 2 }),
      ends => {
        const [low, high] = ends
          .map(([digits, places]) => rational.rational(digits, 10n ** BigInt(places)))
          .sort(rational.compare)
          .map(value => rational.toDecimal(value)!);
        const query = parse(`(declare-const X_0 Real)(assert (<= X_0 ${high}))(assert (> X_0 ${low}))`);
        const { region } = split(query).disjuncts[0];
        if (low === high) {
          expect(() => outerBox(region)).toThrow('expected a point that satisfies it');
          return;
        }
        const { lower, upper } = outerBox(region);
        // Number rounds to nearest: the ends lie at it or one unit outside, and never inside.
        expect(lower[0]).toBeLessThanOrEqual(Number(low));
        expect(upper[0]).toBeGreaterThanOrEqual(Number(high));
        expect(Math.abs(lower[0] - Number(low))).toBeLessThanOrEqual(Math.abs(Number(low)) * 2 ** -52);
        expect(Math.abs(upper[0] - Number(high))).toBeLessThanOrEqual(Math.abs(Number(high)) * 2 ** -52);
      },
    ),
  );
});

const head =
  '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)\n';
const unit = '(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))';
const splitOf = (body: string, options = {}) => split(parse(head + body, { file: 'p' }), options);

test('bounds of any form are bounds', () => {
  const [{ region }] = splitOf(
    '(assert (<= (* -2 X_0) 1))(assert (< (- 4 (* 3 X_0)) (- 1 (* 6 X_0))))(assert (= (/ X_1 3) 0.5))',
  ).disjuncts;
  const [first, second] = [region.bounds.get(0)!, region.bounds.get(1)!];
  expect([first.lower!.value, first.lower!.isStrict]).toEqual([rational.fromDecimal('-0.5'), false]);
  expect([first.upper!.value, first.upper!.isStrict]).toEqual([rational.fromDecimal('-1'), true]);
  expect([second.lower!.value, second.upper!.value]).toEqual([
    rational.fromDecimal('1.5'),
    rational.fromDecimal('1.5'),
  ]);
  expect(region.constraints).toEqual([]);
  expect(region.contradiction?.reason).toBe('X_0 at least -0.5 and below -1');
});

test('equal regions are one object', () => {
  const regions = '(assert (or (<= X_0 0.25) (>= X_0 0.75)))';
  const { disjuncts } = splitOf(`${unit}${regions}(assert (or (<= Y_0 0) (<= Y_1 0) (<= Y_0 Y_1)))`);
  expect(disjuncts).toHaveLength(6);
  expect(new Set(disjuncts.map(({ region }) => region)).size).toBe(2);
});

test('empty branches are marked with what contradicts, or dropped', () => {
  const reasonsOf = (body: string) =>
    splitOf(unit + body).disjuncts.map(({ contradiction }) => contradiction?.reason);
  expect(reasonsOf('(assert (or (>= X_0 2) (>= X_0 1) (> X_0 1)))')).toEqual([
    'X_0 at least 2 and at most 1',
    undefined,
    'X_0 above 1 and at most 1',
  ]);
  const noPoint = 'a constraint that no point within the bounds meets';
  expect(reasonsOf('(assert (or (> (+ X_0 X_1) 2) (>= (+ X_0 X_1) 2) (= (- X_0 X_1) 1.5)))')).toEqual([
    noPoint,
    undefined,
    noPoint,
  ]);
  expect(reasonsOf('(assert (< X_0 1))(assert (or (>= (+ X_0 X_1) 2) (<= Y_0 1)))')).toEqual([
    noPoint,
    undefined,
  ]);
  expect(reasonsOf('(assert (or (< X_0 X_0) (<= 1 0) (<= Y_0 Y_0)))')).toEqual([
    'a comparison that is never true',
    'a comparison that is never true',
    undefined,
  ]);
  const { disjuncts } = splitOf(`${unit}(assert (or (>= X_0 2) (<= Y_0 1)))`, { contradictions: 'drop' });
  expect(disjuncts.map(({ outputs }) => outputs.length)).toEqual([1]);
});

test('unbounded inputs are named, however many there are', () => {
  expect(() =>
    outerBox(splitOf('(assert (<= X_0 1))(assert (>= X_0 0))(assert (<= X_1 0))').disjuncts[0].region),
  ).toThrow('expected a lower and an upper bound of every input, got none of X_1.');
  const query = parse(
    '(vnnlib-version <2.0>)(declare-network f (declare-input X Real [1000000,1000000])(declare-output Y Real [3]))(assert (<= X[0,1] 2))',
  );
  const { region } = split(query).disjuncts[0];
  expect(region.unbounded.count).toBe(1e12);
  expect(() => outerBox(region)).toThrow('X[0,0], X[0,1], X[0,2]');
});

test('queries it cannot express are refused', () => {
  const second =
    '(vnnlib-version <2.1>)(declare-network f (declare-input X Real [1] initialized)(declare-hidden H Real [] "h")(declare-output Y Real [1]))';
  expect(() => split(parse(second))).toThrow('got an initialized input');
  const hidden = parse(`${second.replace(' initialized', '')}(assert (or (<= X[0] 1) (<= H 1)))`, {
    file: 'p',
  });
  expect(() => split(hidden)).toThrow(
    /^p:1:\d+: expected inputs and outputs alone, got hidden elements of H/,
  );
  const two = '(declare-network g (declare-input A Real [1])(declare-output B Real [1]))';
  expect(() => split(parse(second + two))).toThrow('got 2 network(s)');
  expect(() => splitOf('(assert (<= (* X_0 Y_0) 1))')).toThrow('p:2:13: expected constants times elements');
});

test('many constraints of outputs over many disjuncts are refused rather than copied', () => {
  const shared = Array.from({ length: 200 }, (_, i) => `(assert (<= Y_0 ${i}))`).join('');
  const alternatives = Array.from({ length: 200 }, (_, i) => `(<= Y_1 ${i})`).join(' ');
  const body = `${shared}(assert (or ${alternatives}))`;
  expect(splitOf(body).disjuncts.every(({ outputs }) => outputs.length === 201)).toBe(true);
  expect(() => splitOf(body, { maxSize: 40_000 })).toThrow('expected at most 40000 bounds and terms');
});

test('many regions over many shared bounds are refused rather than copied', () => {
  const inputs = 200;
  const lines = Array.from({ length: inputs }, (_, i) => `(declare-const X_${i} Real)`);
  for (let i = 0; i < inputs; i++) lines.push(`(assert (and (<= X_${i} 1) (>= X_${i} 0)))`);
  const alternatives = Array.from({ length: inputs }, (_, i) => `(<= X_${i} 0.5)`).join(' ');
  const query = parse(`${lines.join('\n')}\n(assert (or ${alternatives}))`);
  expect(split(query).disjuncts).toHaveLength(inputs);
  expect(() => split(query, { maxSize: 10_000 })).toThrow(
    'expected at most 10000 bounds and terms in all disjuncts together',
  );
  expect(() => split(query, { maxSize: 10 })).toThrow(VnnLibError);
});
