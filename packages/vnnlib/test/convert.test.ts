import { parse, print, type Query, toVersion2 } from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meaningOf, values, version1 } from './arbitrary-query.js';
import { satisfiesQuery } from './oracle.js';

test('the same values satisfy a query and its conversion, which is of version 2', () => {
  fc.assert(
    fc.property(version1, values, (query, point) => {
      const converted = toVersion2(query);
      expect(satisfiesQuery(converted, point)).toBe(satisfiesQuery(query, point));
      const text = print(converted);
      expect(text.startsWith('(vnnlib-version <2.0>)\n\n(declare-network network\n')).toBe(true);
      expect(meaningOf(parse(text))).toEqual(meaningOf(converted));
      expect(toVersion2(converted)).toBe(converted);
    }),
    { numRuns: 500 },
  );
});

test('a conversion to float32 passes the type rules, constants alone included', () => {
  fc.assert(
    fc.property(version1, query => {
      const converted = toVersion2(query, { elementType: 'float32', network: 'f' });
      expect(meaningOf(parse(print(converted)))).toEqual(meaningOf(converted));
    }),
  );
});

const head = Array.from({ length: 6 }, (_, i) => `(declare-const X_${i} Real)`).join('');
const read = (body: string): Query => parse(`${head}(declare-const Y_0 Real)\n${body}`);

test('shapes give elements their indices', () => {
  const text = print(
    toVersion2(read('(assert (<= (+ X_5 (* 2 Y_0)) 1e-2))'), {
      network: 'f',
      inputShape: [1, 2, 3],
      outputShape: [],
    }),
  );
  expect(text).toBe(`(vnnlib-version <2.0>)

(declare-network f
  (declare-input X Real [1,2,3])
  (declare-output Y Real [])
)

(assert (<= (+ X[0,1,2] (* 2 Y)) 0.01))
`);
});

test('what version 2 lacks is multiplied out, left out or made false', () => {
  const bodyOf = (text: string) => print(toVersion2(read(text))).split('\n\n')[2] ?? '';
  expect(bodyOf('(assert (<= (/ X_0 3) (/ 1 7)))')).toBe('(assert (<= (* 7 X[0]) 3))\n');
  expect(bodyOf('(assert (> (/ X_0 4) X_1))')).toBe('(assert (< (+ (* -0.25 X[0]) (* 1 X[1])) 0))\n');
  expect(bodyOf('(assert (<= 1 2))(assert (or (<= 2 1) (<= X_0 1)))')).toBe('(assert (or (<= X[0] 1)))\n');
  expect(bodyOf('(assert (and (<= 2 1) (<= X_0 1)))')).toBe('(assert (< X[0] X[0]))\n');
});

test('options that do not fit are refused', () => {
  const query = read('(assert (<= X_0 0.5))');
  expect(() => toVersion2(query, { inputShape: [2, 2] })).toThrow(
    'option inputShape: expected a shape of 6 elements, got [2,2]',
  );
  expect(() => toVersion2(query, { inputShape: [-2, -3] })).toThrow('option inputShape');
  expect(() => toVersion2(query, { outputShape: [0.5, 2] })).toThrow('option outputShape');
  for (const network of ['', '1f', 'a-b', 'X', 'Y'])
    expect(() => toVersion2(query, { network })).toThrow('option network');
  expect(() => toVersion2(query, { elementType: 'int8' })).toThrow(
    'option elementType: expected a type that all constants have, not int8, got 0.5',
  );
  expect(() => toVersion2(read('(assert (<= (/ X_0 X_1) 1))'))).toThrow('got a division by an element');
});
