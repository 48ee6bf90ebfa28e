import { PoliceError } from '@police/core';
import type * as operators from '@police/core/operators';
import { floats, integers, type Operation, operation, reshaped, type Value } from '../operation.js';
import { convAttributes } from './conv.js';

/**
 * ConvTranspose. ONNX Runtime wants an output padding below the stride, where core allows one below the dilation too: a
 * larger one takes away end padding instead, which is the same, and what is left is an explicit Pad before the bias.
 * Throws `unsupported-layer` where nothing but padding is left, `not-frozen`.
 */
export function convTransposeOperation(
  operator: operators.ConvTranspose,
  x: Value,
  where: string,
): Operation {
  const { inShape, outShape, weightShape, strides, padding, outputPadding } = operator;
  const [weight, bias] = operator.parameters;
  const rank = strides.length;
  const axes = strides.map((stride, axis) => {
    const end = padding[axis + rank];
    const extra = outputPadding[axis];
    if (extra < stride) return { end, extra, zeros: 0 };
    return { end: Math.max(0, end - extra), extra: 0, zeros: Math.max(0, extra - end) };
  });
  const ends = axes.map(({ end }) => end);
  const attributes = [
    ...convAttributes({ ...operator, padding: [...padding.slice(0, rank), ...ends] }),
    { name: 'output_padding', type: 'ints', value: axes.map(({ extra }) => extra) } as const,
  ];
  const inputs = [reshaped(x, inShape), floats('weight', weightShape, weight, where)];
  const [channels, ...outPlane] = outShape;
  const biasOf = (dims: readonly number[]) => floats('bias', dims, bias, where);
  if (axes.every(({ zeros }) => zeros === 0)) {
    return operation('ConvTranspose', [...inputs, biasOf([channels])], outShape, attributes);
  }
  const inner = outPlane.map((size, axis) => size - axes[axis].zeros);
  if (inner.some(size => size < 1)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where,
      expected: 'a transposed convolution that its output padding leaves some of',
      actual: `output padding [${outputPadding.join(', ')}] for a result of [${outShape.join(', ')}]`,
      remedy: 'All its outputs are its bias: take it out.',
    });
  }
  const product = operation('ConvTranspose', inputs, [channels, ...inner], attributes);
  const begins = [0, 0, ...axes.map(() => 0)];
  const pads = integers('pads', [...begins, 0, 0, ...axes.map(({ zeros }) => zeros)]);
  const padded = operation('Pad', [product, pads], outShape);
  return operation('Add', [padded, biasOf([channels, ...outPlane.map(() => 1)])], outShape);
}
