import { type AffineOperator, chain, freeze } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { pick, seededRng, seeds } from '@police/testing/helpers';
import { randomOperators } from '@police/testing/operators/random';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameOutputs, randomRows } from './helpers.js';

/** Whether an axis of a transposed convolution holds nothing but the output padding beyond its stride: refused. */
function isPaddingOnly(operator: AffineOperator): boolean {
  if (operator.kind !== 'convTranspose') return false;
  const { outShape, outputPadding, padding, strides } = operator;
  return strides.some((stride, axis) => {
    const zeros = outputPadding[axis] - padding[axis + strides.length];
    return outputPadding[axis] >= stride && zeros >= outShape[axis + 1];
  });
}

describe('every affine operator: ONNX Runtime gives what core gives', () => {
  test.each(Object.keys(randomOperators))('%s', async kind => {
    await fc.assert(
      fc.asyncProperty(seeds, async seed => {
        const rng = seededRng(seed);
        const operator = randomOperators[kind](rng);
        fc.pre(!isPaddingOnly(operator));
        const net = freeze(chain(operator.inSize, [operator]), []).network;
        const x = randomRows(rng, pick(rng, [1, 2, 5]), net.inputSize);
        await expectSameOutputs(exportOnnx(net), net, x);
      }),
      { numRuns: 40 },
    );
  });
});
