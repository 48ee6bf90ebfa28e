import { matrix } from '@police/core';
import { expectClose, pick, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { randomBatchNorm } from '@police/testing/operators/random';
import { randomShape } from '@police/testing/operators/random-gather';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyAffine } from '../../../src/network/affine-operator.js';
import { batchNorm, channelGroups, perChannel, scale, sizeOf } from '../../../src/network/operators/index.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';

testOperatorLaws('scale', rng => {
  const shape = randomShape(rng);
  const groups = rng() < 0.5 ? channelGroups(shape) : undefined;
  const count = groups ? shape[0] : sizeOf(shape);
  const options = {
    ...(groups ? { groups } : {}),
    ...pick(rng, [{}, { offset: randomArray(rng, count) }]),
  };
  const withWeight = (factor: ArrayLike<number>) => scale({ ...options, factor });
  return { operator: withWeight(randomArray(rng, count)), withWeight, sumsInOrder: true };
});

testOperatorLaws('scale that only adds', rng => {
  const shape = randomShape(rng);
  const [groups, offset] = [channelGroups(shape), randomArray(rng, shape[0])];
  return { operator: scale({ offset, groups }), sumsInOrder: true };
});

testOperatorLaws('batchNorm', rng => {
  const options = randomBatchNorm(rng);
  const operator = batchNorm(options);
  const groups = channelGroups(options.shape);
  const withWeight = (factor: ArrayLike<number>) => scale({ factor, offset: operator.offset!, groups });
  return { operator, withWeight, sumsInOrder: true };
});

test('batchNorm is γ (x − mean) / √(variance + ε) + β', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const options = randomBatchNorm(rng);
      const { shape, gamma, beta, mean, variance, epsilon } = options;
      const channels = channelGroups(shape);
      const x = randomRows(rng, 3, sizeOf(shape));
      const expected = x.data.map((v, i) => {
        const c = channels[i % x.cols];
        return (gamma[c] * (v - mean[c])) / Math.sqrt(variance[c] + epsilon) + beta[c];
      });
      // |x|, |mean|, |γ|, |β| ≤ 1; five roundings on either way.
      const largest = 1 + 2 / Math.sqrt(epsilon);
      expectClose(applyAffine(batchNorm(options), x).data, expected, 2 * sumErrorBound(5, largest), 'y');
    }),
  );
});

test('per-channel values repeat over the positions', () => {
  expect(Array.from(channelGroups([2, 1, 3]))).toEqual([0, 0, 0, 1, 1, 1]);
  expect(Array.from(perChannel([5, 7], [2, 2]))).toEqual([5, 5, 7, 7]);
});

test('without an offset there is no bias to change, without a factor nothing is multiplied', () => {
  const times = scale({ factor: [2, 3] });
  expect([times.storesBias, times.parameters.length]).toEqual([false, 1]);
  const plus = scale({ offset: [2, 3] });
  const x = matrix(1, 2, Float64Array.of(0.1, 0.2));
  expect(plus.linear(x)).toEqual(x);
  expect([plus.storesBias, plus.parameters.length]).toEqual([true, 1]);
});

describe('scale refuses what does not fit', () => {
  const norm = { shape: [1], gamma: [1], beta: [1], mean: [1], variance: [1] };
  test.each<[string, () => unknown, string]>([
    ['neither factor nor offset', () => scale({}), 'invalid-option'],
    ['a factor and an offset of different lengths', () => scale({ factor: [1], offset: [1, 2] }), 'shape'],
    ['an infinite factor', () => scale({ factor: [Infinity] }), 'not-finite'],
    ['a NaN offset', () => scale({ offset: [Number.NaN] }), 'not-finite'],
    ['a group without a factor', () => scale({ factor: [1], groups: Int32Array.of(0, 1) }), 'invalid-option'],
    ['a mean per position', () => batchNorm({ ...norm, mean: [1, 1] }), 'shape'],
    ['a NaN γ', () => batchNorm({ ...norm, gamma: [Number.NaN] }), 'not-finite'],
    ['a negative variance', () => batchNorm({ ...norm, variance: [-1] }), 'invalid-option'],
    ['a shape without sizes', () => batchNorm({ ...norm, shape: [-1] }), 'shape'],
  ])('%s', (_, build, code) => {
    expect(build).toThrow(expect.objectContaining({ name: 'PoliceError', code }));
  });
});
