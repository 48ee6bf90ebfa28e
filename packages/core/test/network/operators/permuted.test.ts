import { matrix, type Rng } from '@police/core';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { naiveConv, randomConv } from '@police/testing/operators/oracles';
import { randomReordering } from '@police/testing/operators/random';
import { explicitMatrix, randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dense } from '../../../src/network/operators/dense.js';
import { conv, gather, permuted, transpose } from '../../../src/network/operators/index.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';

function check(what: string, property: (rng: Rng) => void) {
  test(what, () => fc.assert(fc.property(seeds, seed => property(seededRng(seed)))));
}

/** Entry by entry: output j is output `outputs[j]` of the inner matrix, whose input i is input `inputs[i]`. */
function reorderedMatrix(
  w: ReturnType<typeof explicitMatrix>,
  inputs: ArrayLike<number>,
  outputs: ArrayLike<number>,
) {
  const result = matrix(w.rows, w.cols);
  for (let j = 0; j < w.rows; j++) {
    for (let i = 0; i < w.cols; i++) {
      result.data[j * w.cols + inputs[i]] = w.data[outputs[j] * w.cols + i];
    }
  }
  return result;
}

testOperatorLaws('permuted', rng => {
  const options = randomConv(rng);
  const order = randomReordering(rng, conv(options));
  const withWeight = (weight: Float64Array) => permuted(conv({ ...options, weight }), order);
  return { operator: withWeight(Float64Array.from(options.weight)), withWeight, sumsInOrder: false };
});

describe('a permuted operator', () => {
  check('is the inner matrix with its rows and columns reordered', rng => {
    const inner = conv(randomConv(rng));
    const order = randomReordering(rng, inner);
    const operator = permuted(inner, order);
    const all = (size: number) => Int32Array.from({ length: size }, (_, i) => i);
    const inputs = order.inputs?.index ?? all(inner.inSize);
    const outputs = order.outputs?.index ?? all(inner.outSize);
    const expected = reorderedMatrix(explicitMatrix(inner), inputs, outputs);
    expect(explicitMatrix(operator)).toEqual(expected);
    expect(operator.bias).toEqual(Float64Array.from(outputs, j => inner.bias[j]));
  });

  check('between transposes is a convolution with the channels last', rng => {
    const options = randomConv(rng);
    const inner = conv(options);
    const [channels, ...plane] = inner.inShape;
    const axes = plane.map((_, axis) => axis);
    const inputs = transpose([...plane, channels], [plane.length, ...axes]);
    const outputs = transpose(inner.outShape, [...axes.map(axis => axis + 1), 0]);
    const x = randomRows(rng, 2, inner.inSize);
    const expected = outputs.linear(naiveConv(options, inner.outShape, inputs.linear(x)));
    const tolerance = 2 * sumErrorBound(inner.terms, inner.terms);
    expectClose(permuted(inner, { inputs, outputs }).linear(x).data, expected.data, tolerance, 'y');
  });

  check('reordered once more is one permuted operator, of the same values', rng => {
    const inner = conv(randomConv(rng));
    const once = permuted(inner, randomReordering(rng, inner));
    const [inputs, outputs] = [inner.inSize, inner.outSize].map(size =>
      gather({ inSize: size, index: Int32Array.from({ length: size }, (_, i) => size - 1 - i) }),
    );
    const twice = permuted(once, { inputs, outputs });
    expect(twice.inner).toBe(inner);
    const x = randomRows(rng, 3, inner.inSize);
    expect(twice.linear(x)).toEqual(outputs.linear(once.linear(inputs.linear(x))));
    const bias = Float64Array.from(inner.biasGroups!, group => group + 0.5);
    const shared = Float64Array.from(twice.biasGroups!, group => group + 0.5);
    expect(twice.withBias(shared).inner.bias).toEqual(bias);
  });

  test('takes a new bias where its outputs come from', () => {
    const outputs = gather({ inSize: 3, index: Int32Array.of(2, 0, 1) });
    const operator = permuted(dense([[1], [10], [100]], [1, 2, 3]), { outputs });
    expect(Array.from(operator.bias)).toEqual([3, 1, 2]);
    expect(Array.from(operator.biasGroups!)).toEqual([2, 0, 1]);
    expect(Array.from(operator.withBias(Float64Array.of(30, 10, 20)).inner.bias)).toEqual([10, 20, 30]);
  });

  test.each([
    ['an entry twice', [0, 0, 2], 3, 'invalid-option'],
    ['an entry left out', [0, 1], 3, 'invalid-option'],
    ['a fill value', [0, 1, -1], 3, 'invalid-option'],
    ['another size', [0, 1], 2, 'shape'],
  ])('refuses %s', (_, index, inSize, code) => {
    const outputs = gather({ inSize, index: Int32Array.from(index) });
    const operator = dense([randomArray(seededRng(1), 3), [1, 2, 3], [4, 5, 6]]);
    expect(() => permuted(operator, { outputs })).toThrow(expect.objectContaining({ code }));
  });
});
