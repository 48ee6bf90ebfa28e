import { dense, matrix, operators } from '@police/core';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { expect, test } from 'vitest';
import { fixed } from '../src/affine/fixed.js';
import { permuted } from '../src/affine/permuted.js';

const inputs = operators.transpose([2, 3], [1, 0]).index;
const outputs = Int32Array.of(2, 0, 3, 1);

testOperatorLaws('permuted dense', rng => {
  const make = (weight: Float64Array) =>
    permuted(dense(matrix(4, 6, weight), [1, 2, 3, 4]), { inputs, outputs });
  const weight = Float64Array.from({ length: 24 }, () => 2 * rng() - 1);
  return { operator: make(weight), withWeight: make, sumsInOrder: false };
});

testOperatorLaws('permuted convolution', rng => {
  const order = operators.transpose([2, 1, 2], [1, 2, 0]).index;
  const make = (weight: Float64Array) =>
    permuted(operators.conv({ inShape: [1, 2, 3], weight, weightShape: [2, 1, 2, 2], bias: [1, -1] }), {
      outputs: order,
    });
  const weight = Float64Array.from({ length: 8 }, () => 2 * rng() - 1);
  return { operator: make(weight), withWeight: make, sumsInOrder: false };
});

testOperatorLaws('fixed', rng => {
  const draw = () => Float64Array.from({ length: 3 }, () => 2 * rng() - 1);
  const groups = Int32Array.of(0, 0, 1, 2, 1);
  // Unlike other operators' its offset is never rounded: the law of rounding holds for values that have no need of it.
  return {
    operator: fixed({ factor: draw(), offset: draw().map(Math.fround), groups }, 2),
    sumsInOrder: true,
  };
});

test('permuted: outputs are the inner ones, reordered, and a new bias goes where they come from', () => {
  const operator = permuted(dense([[1], [10], [100]], [1, 2, 3]), { outputs: Int32Array.of(2, 0, 1) });
  expect(Array.from(operator.linear(matrix(1, 1, Float64Array.of(1))).data)).toEqual([100, 1, 10]);
  expect(Array.from(operator.bias)).toEqual([3, 1, 2]);
  expect(Array.from(operator.biasGroups!)).toEqual([2, 0, 1]);
  expect(Array.from(operator.withBias(Float64Array.of(30, 10, 20)).bias)).toEqual([30, 10, 20]);
  expect(operator.inner.bias).toEqual(Float64Array.of(1, 2, 3));
});

test('fixed: the roundings behind its coefficients count in the error bound', () => {
  expect(fixed({ factor: [1 / 3] }, 2).terms).toBe(operators.scale({ factor: [1 / 3] }).terms + 2);
  expect(() => fixed({ factor: [2] }, 0).withBias(Float64Array.of(1))).toThrow(/explicit add/);
});
