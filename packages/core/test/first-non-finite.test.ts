import { simplex } from '@police/core';
import { assertFinite, firstNonFinite } from '@police/core/adapter';
import { expect, test } from 'vitest';

const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const kinds: readonly { name: string; from: (values: readonly number[]) => ArrayLike<number> }[] = [
  { name: 'Float32Array', from: values => Float32Array.from(values) },
  { name: 'Float64Array', from: values => Float64Array.from(values) },
  { name: 'Array', from: values => [...values] },
];

test.each(kinds)('finds the first NaN or infinity at any place of a $name', ({ from }) => {
  for (let length = 1; length <= 13; length++) {
    const finite = Array.from({ length }, (_, i) => (i % 2 === 0 ? 3e38 : -1e-45));
    expect(firstNonFinite(from(finite))).toBe(-1);
    for (let at = 0; at < length; at++) {
      for (const value of bad) {
        const spoiled = finite.map((x, i) => (i === at ? value : x));
        expect(firstNonFinite(from(spoiled)), `${value} at ${at} of ${length}`).toBe(at);
      }
    }
  }
  expect(firstNonFinite(from([]))).toBe(-1);
});

test('sums of large numbers are finite all the same', () => {
  expect(firstNonFinite(new Float64Array(9).fill(Number.MAX_VALUE))).toBe(-1);
});

test.each([null, '1', true, undefined])('what JSON or a form gives is no number: %o', value => {
  const values = [1, value] as number[];
  expect(firstNonFinite(values)).toBe(1);
  expect(() => assertFinite(values, 'here')).toThrow('at index 1');
  expect(() => simplex([[0, 0], values])).toThrow('at index 1');
});
