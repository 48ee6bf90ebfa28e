import { matrix, matrixFromRows, type Rng } from '@police/core';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { type OperatorCase, testOperatorLaws } from '@police/testing/operators/laws';
import { integer, naiveConv, naiveConvTranspose, randomConv } from '@police/testing/operators/oracles';
import { randomConvTranspose } from '@police/testing/operators/random';
import { randomRows, rowsOfAllDensities } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Conv,
  type ConvOptions,
  type ConvTranspose,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  sizeOf,
} from '../../../src/network/operators/index.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';

function caseOf<Options extends ConvOptions>(
  make: (options: Options) => Conv | ConvTranspose,
  options: Options,
  sumsInOrder: boolean,
): OperatorCase {
  return { operator: make(options), withWeight: weight => make({ ...options, weight }), sumsInOrder };
}

testOperatorLaws('conv', rng => caseOf(conv, randomConv(rng), true));
testOperatorLaws('convTranspose', rng => caseOf(convTranspose, randomConvTranspose(rng), false));
testOperatorLaws('depthwise conv', rng => {
  const channels = integer(rng, 2, 5);
  const weight = randomArray(rng, channels * 9);
  const options = { inShape: [channels, 6, 5], weight, weightShape: [channels, 1, 3, 3], groups: channels };
  return caseOf(conv, { ...options, padding: [1, 1, 1, 1], bias: randomArray(rng, channels) }, true);
});

function expectEqualsNaive(
  operator: Conv | ConvTranspose,
  naive: typeof naiveConv,
  options: ConvOptions,
  rng: Rng,
) {
  for (const x of [rowsOfAllDensities(rng, operator.inSize), randomRows(rng, 2, operator.inSize)]) {
    const reach = operator
      .magnitude(matrix(x.rows, x.cols, x.data.map(Math.abs)))
      .data.reduce((a, b) => Math.max(a, b), 0);
    const tolerance = 2 * sumErrorBound(operator.terms, reach);
    expectClose(operator.linear(x).data, naive(options, operator.outShape, x).data, tolerance, 'linear(x)');
  }
  expect(sizeOf(operator.outShape)).toBe(operator.outSize);
}

describe('convolutions equal their definitions', () => {
  test('conv', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const options = randomConv(rng);
        expectEqualsNaive(conv(options), naiveConv, options, rng);
      }),
      { numRuns: 150 },
    );
  });

  test('convTranspose', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const options = randomConvTranspose(rng);
        expectEqualsNaive(convTranspose(options), naiveConvTranspose, options, rng);
      }),
      { numRuns: 150 },
    );
  });

  test('over several tiles of patches, the last one in part, and more taps than a block holds', () => {
    const rng = seededRng(1);
    const weightShape = [10, 8, 3, 3];
    const weight = randomArray(rng, sizeOf(weightShape));
    const options = { inShape: [16, 23, 25], weight, weightShape, groups: 2, padding: [1, 1, 1, 1] };
    const operator = conv(options);
    expectEqualsNaive(operator, naiveConv, options, rng);
    const x = randomRows(rng, 1, operator.inSize);
    const y = randomRows(rng, 1, operator.outSize);
    const into = operator.zeroGradient();
    operator.accumulateGradient(into, x, y);
    const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
    const products = weight.length * 23 * 25;
    const tolerance = 2 * sumErrorBound(products, products);
    const value = inner(operator.linear(x).data, y.data);
    expectClose([inner(operator.adjoint(y).data, x.data)], [value], tolerance, '⟨adjoint(y), x⟩');
    // The output is linear in the weights, so by Euler's identity the gradient times the weights is the output.
    expectClose([inner(into.weight.data, weight)], [value], tolerance, '⟨gradient, weight⟩');
  });

  test("ONNX's own examples", () => {
    const x = matrix(
      1,
      25,
      Float64Array.from({ length: 25 }, (_, i) => i),
    );
    const ones = new Array(9).fill(1);
    const same = conv({ inShape: [1, 5, 5], weight: ones, weightShape: [1, 1, 3, 3], padding: [1, 1, 1, 1] });
    expect(Array.from(same.linear(x).data)).toEqual([
      12, 21, 27, 33, 24, 33, 54, 63, 72, 51, 63, 99, 108, 117, 81, 93, 144, 153, 162, 111, 72, 111, 117, 123,
      84,
    ]);
    const transposed = convTranspose({
      inShape: [1, 3, 3],
      weight: [...ones, ...ones],
      weightShape: [1, 2, 3, 3],
    });
    const channel = [0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8];
    expect(transposed.outShape).toEqual([2, 5, 5]);
    expect(Array.from(transposed.linear(matrixFromRows([[0, 1, 2, 3, 4, 5, 6, 7, 8]])).data)).toEqual([
      ...channel,
      ...channel,
    ]);
  });
});

describe('convolutions count their terms', () => {
  test('a whole kernel, unless part of it only ever meets padding', () => {
    const weight = new Array(2 * 9).fill(1);
    const options = { weight, weightShape: [1, 2, 3, 3], padding: [1, 1, 1, 1] };
    expect(conv({ ...options, inShape: [2, 4, 4] }).terms).toBe(18);
    expect(conv({ ...options, inShape: [2, 1, 4] }).terms).toBe(6);
  });

  test('of a transposed one only the kernel entries that meet', () => {
    const weight = new Array(3 * 16).fill(1);
    const options = { inShape: [3, 4, 4], weight, weightShape: [3, 1, 4, 4] };
    expect(convTranspose(options).terms).toBe(3 * 16);
    expect(convTranspose({ ...options, strides: [2, 2] }).terms).toBe(3 * 4);
  });
});

test('biases belong to channels', () => {
  const operator = conv({ inShape: [1, 2, 2], weight: [1, 2], weightShape: [2, 1, 1, 1], bias: [3, 4] });
  expect(Array.from(operator.bias)).toEqual([3, 3, 3, 3, 4, 4, 4, 4]);
  expect(Array.from(operator.biasGroups!)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(operator.parameters).toEqual([Float64Array.of(1, 2), Float64Array.of(3, 4)]);
});

describe('convolutions refuse what does not fit', () => {
  const good: ConvTransposeOptions = {
    inShape: [4, 5, 5],
    weight: new Array(4 * 2 * 9).fill(1),
    weightShape: [4, 2, 3, 3],
    groups: 2,
  };
  test.each<[string, Partial<ConvTransposeOptions>, string]>([
    ['rank', { inShape: [4] }, 'shape'],
    ['a size of 0', { inShape: [4, 0, 5] }, 'shape'],
    ['the weight rank', { weightShape: [4, 2, 9] }, 'shape'],
    ['too few weights', { weight: [1] }, 'shape'],
    ['a NaN weight', { weight: new Array(72).fill(Number.NaN) }, 'not-finite'],
    ['an infinite bias', { bias: [0, 0, 0, Infinity] }, 'not-finite'],
    ['too many biases', { bias: [0, 0, 0, 0, 0] }, 'shape'],
    ['the number of strides', { strides: [1] }, 'shape'],
    ['a stride of 0', { strides: [1, 0] }, 'invalid-option'],
    ['negative padding', { padding: [0, 0, -1, 0] }, 'invalid-option'],
    ['half a dilation', { dilations: [1, 1.5] }, 'invalid-option'],
    ['groups that do not divide', { groups: 3 }, 'invalid-option'],
  ])('%s', (_, wrong, code) => {
    for (const [where, make] of [
      ['conv', conv],
      ['convTranspose', convTranspose],
    ] as const) {
      const thrown = expect.objectContaining({
        code,
        where: expect.stringMatching(new RegExp(`^${where}\\b`)),
      });
      expect(() => make({ ...good, ...wrong })).toThrow(thrown);
    }
    expect(() => conv(good)).not.toThrow();
  });

  test('what only one of them can have wrong', () => {
    const option = expect.objectContaining({ code: 'invalid-option' });
    const shape = expect.objectContaining({ code: 'shape' });
    expect(() => conv({ ...good, inShape: [4, 2, 5] })).toThrow(option);
    expect(() => conv({ ...good, groups: 1 })).toThrow(shape);
    expect(() => convTranspose({ ...good, inShape: [6, 5, 5] })).toThrow(shape);
    expect(() => convTranspose({ ...good, outputPadding: [1, 0] })).toThrow(option);
    expect(() => convTranspose({ ...good, padding: [4, 0, 3, 0] })).toThrow(option);
  });
});
