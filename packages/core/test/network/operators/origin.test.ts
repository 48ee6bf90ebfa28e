import { float32 } from '@police/core';
import { seededRng, seeds } from '@police/testing/helpers';
import { randomOperators } from '@police/testing/operators/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  averagePool,
  type Gather,
  gatherAlong,
  meanOver,
  pad,
  reshape,
  resizeLinear,
  resizeNearest,
  type Sparse,
  slice,
  sumOver,
  transpose,
} from '../../../src/network/operators/index.js';

/** The operator made anew from what it says it was made of; undefined where it says nothing. */
function remade({ kind, outShape, ...operator }: Gather | Sparse): Gather | Sparse | undefined {
  const { origin } = operator;
  switch (origin?.kind) {
    case 'reshape':
      return reshape(origin.shape, outShape);
    case 'transpose':
      return transpose(origin.shape, origin.permutation);
    case 'pad':
      return pad(origin.shape, origin.pads, 'fill' in operator ? operator.fill : 0, origin.mode);
    case 'slice':
      return slice(origin.shape, origin);
    case 'gatherAlong':
      return gatherAlong(origin.shape, origin.axis, origin.indices);
    case 'resizeNearest': {
      const { shape, scales, coordinates, rounding } = origin;
      return resizeNearest(shape, { ...(scales ? { scales } : { outShape }), coordinates, rounding });
    }
    case 'averagePool':
      return averagePool(origin);
    case 'sumOver':
      return sumOver(origin);
    case 'meanOver':
      return meanOver(origin);
    case 'resizeLinear':
      return resizeLinear(origin);
    case undefined:
      return undefined;
  }
}

/** All of an operator that is data. */
function dataOf(operator: Gather | Sparse | undefined): unknown {
  return operator && JSON.parse(JSON.stringify(operator));
}

const made = [
  'averagePool',
  'globalAveragePool',
  'meanOver',
  'sumOver',
  'resizeLinear',
  'reshape',
  'transpose',
  'pad',
  'slice',
  'gatherAlong',
  'resizeNearest',
];

describe('an operator remembers what it was made of', () => {
  test.each(made)('%s: made of it again, also after rounding, it is the same', name => {
    fc.assert(
      fc.property(seeds, seed => {
        const operator = randomOperators[name](seededRng(seed)) as Gather | Sparse;
        expect(dataOf(remade(operator))).toEqual(dataOf(operator));
        const rounded = operator.rounded(float32) as Gather | Sparse;
        expect(dataOf(remade(rounded))).toEqual(dataOf(rounded));
      }),
      { numRuns: 40 },
    );
  });

  test.each(['gather', 'sparse'])('a bare %s says nothing', name => {
    expect(randomOperators[name](seededRng(1))).not.toHaveProperty('origin');
  });
});
