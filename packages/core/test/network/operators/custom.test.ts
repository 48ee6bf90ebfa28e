import {
  type AffineOperator,
  box,
  certify,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  relu,
} from '@police/core';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { cumulativeSum } from '@police/testing/operators/cumulative-sum';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const SIZE = 6;
const region = box(new Float64Array(2).fill(-1), new Float64Array(2).fill(1));

testOperatorLaws('an operator of one’s own', rng => ({
  operator: cumulativeSum(Float64Array.from(randomArray(rng, SIZE))),
  sumsInOrder: true,
}));

/** The same layer as a matrix. */
function asDense(bias: Float64Array): AffineOperator {
  return dense(
    Array.from({ length: SIZE }, (_, j) => Array.from({ length: SIZE }, (_, k) => Number(k <= j))),
    bias,
  );
}

describe('a network with an operator of one’s own', () => {
  test('is enforced, frozen and certified like the one with its matrix', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const rows = (n: number, m: number) => Array.from({ length: n }, () => randomArray(rng, m));
        const [first, last] = [dense(rows(SIZE, 2), randomArray(rng, SIZE)), dense(rows(1, SIZE))];
        const bias = Float64Array.from(randomArray(rng, SIZE));
        const [own, matrix] = [cumulativeSum(bias), asDense(bias)].map(operator => {
          const net = chain(2, [first, relu(), operator, relu(), last]);
          return freeze(enforce(net, [region]).network, [region]).network;
        });
        expect(certify(own, [region]).certified).toBe(true);
        const x = randomRows(rng, 20, 2);
        // Both sum in the order of the inputs, so even the shifts agree to the bit.
        expectClose(forward(own, x).data, forward(matrix, x).data, 0, 'outputs');
      }),
      { numRuns: 20 },
    );
  });
});
