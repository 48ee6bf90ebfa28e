import { float32, matrix } from '@police/core';
import { expectClose, seededRng, seeds } from '@police/testing/helpers';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { fixedByDefinition } from '@police/testing/operators/oracles';
import { randomFixed } from '@police/testing/operators/random';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyAffine } from '../../../src/network/affine-operator.js';
import { addConstant, divide, type Fixed, normalize, scale } from '../../../src/network/operators/index.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';

const kinds = Object.keys(randomFixed) as Fixed['origin']['kind'][];

/** The operator made anew from what it says it was made of, other parameters in place of its own. */
function remade({ origin, groups }: Fixed, [first, mean, variance, epsilon]: readonly Float64Array[]): Fixed {
  switch (origin.kind) {
    case 'divide':
      return divide(first, groups);
    case 'addConstant':
      return addConstant(first, groups);
    case 'normalize':
      return normalize({ gamma: first, mean, variance, epsilon: epsilon[0] }, groups);
  }
}

for (const kind of kinds) {
  testOperatorLaws(kind, rng => {
    const operator = randomFixed[kind](rng);
    return { operator, withParameters: parameters => remade(operator, parameters), sumsInOrder: true };
  });
}

describe('fixed operators', () => {
  test.each(kinds)('%s is its definition', kind => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const operator = randomFixed[kind](rng);
        const x = randomRows(rng, 3, operator.inSize);
        const reach = operator.magnitude(matrix(x.rows, x.cols, x.data.map(Math.abs)));
        const largest = reach.data.reduce(
          (most, v, i) => Math.max(most, v + Math.abs(operator.bias[i % x.cols])),
          0,
        );
        const tolerance = 2 * sumErrorBound(operator.terms + 1, largest);
        expectClose(applyAffine(operator, x).data, fixedByDefinition(operator, x).data, tolerance, 'y');
      }),
    );
  });

  test('the roundings behind the coefficients count in the error bound', () => {
    expect(divide([3]).terms).toBe(scale({ factor: [1 / 3] }).terms + 2);
  });

  test('rounding rounds what is stored, not what follows from it', () => {
    const third = divide([3]).rounded(float32);
    expect(third.linear(matrix(1, 1, Float64Array.of(1))).data).toEqual(Float64Array.of(1 / 3));
  });

  const statistics = { gamma: [1], mean: [0], variance: [1], epsilon: 0 };
  test.each<[string, () => unknown, string]>([
    ['a divisor of 0', () => divide([1, 0]), 'invalid-option'],
    ['a divisor that float32 takes for 0', () => divide([1e-60]).rounded(float32), 'invalid-option'],
    ['a NaN divisor', () => divide([Number.NaN]), 'not-finite'],
    ['an infinite constant', () => addConstant([Number.POSITIVE_INFINITY]), 'not-finite'],
    ['a mean too many', () => normalize({ ...statistics, mean: [0, 0] }), 'shape'],
    ['no variance', () => normalize({ ...statistics, variance: [0] }), 'invalid-option'],
    ['a NaN ε', () => normalize({ ...statistics, epsilon: Number.NaN }), 'invalid-option'],
    ['a group without a divisor', () => divide([1], Int32Array.of(0, 1)), 'invalid-option'],
  ])('%s is refused', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
