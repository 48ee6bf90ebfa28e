import type * as operators from '@police/core/operators';
import { floats, type Operation, operation, reshaped, sizeOf, type Value } from '../operation.js';
import { convAttributes } from './conv.js';

type Origin = Extract<operators.SparseOrigin, { kind: 'averagePool' }>;

/**
 * AveragePool where it can say so; a window that reaches beyond the padding (`ceil_mode`) is padding that does not
 * count. Else (dilations, which AveragePool has from opset 19 on; counted padding beside padding that does not count;
 * padding as wide as the kernel, which runtimes refuse) the sum over each window, a depthwise Conv with weights of 1, divided
 * by the number of entries that count.
 */
export function averagePoolOperation(
  origin: Origin,
  sparse: operators.Sparse,
  x: Value,
  where: string,
): Operation {
  const { shape, kernel, strides, dilations, countIncludePad } = origin;
  const { outShape } = sparse;
  const { padding, overhangs } = wholePadding(origin, outShape);
  const isPlain =
    dilations.every(dilation => dilation === 1) &&
    padding.every((width, i) => width < kernel[i % kernel.length]) &&
    !(countIncludePad && overhangs);
  const tensor = reshaped(x, shape);
  if (isPlain) {
    return operation('AveragePool', [tensor], outShape, [
      { name: 'kernel_shape', type: 'ints', value: kernel },
      { name: 'strides', type: 'ints', value: strides },
      { name: 'pads', type: 'ints', value: padding },
      { name: 'count_include_pad', type: 'int', value: Number(countIncludePad) },
    ]);
  }
  const [channels, ...outPlane] = outShape;
  const weightShape = [channels, 1, ...kernel];
  const ones = floats('ones', weightShape, new Float64Array(sizeOf(weightShape)).fill(1), where);
  const attributes = convAttributes({ weightShape, strides, padding, dilations, groups: channels });
  const sum = operation('Conv', [tensor, ones], outShape, attributes);
  return operation(
    'Div',
    [sum, floats('counts', outPlane, counts(sparse, sizeOf(outPlane)), where)],
    outShape,
  );
}

/** The padding that all windows lie within, and whether that is more than was given. */
function wholePadding(
  { shape, kernel, strides, padding, dilations }: Origin,
  [, ...outPlane]: readonly number[],
): { padding: number[]; overhangs: boolean } {
  const rank = kernel.length;
  const ends = outPlane.map((windows, axis) => {
    const needed = (windows - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.max(padding[axis + rank], needed - padding[axis] - shape[axis + 1]);
  });
  return {
    padding: [...padding.slice(0, rank), ...ends],
    overhangs: ends.some((end, axis) => end > padding[axis + rank]),
  };
}

/** The divisor of each window of a channel; every weight is 1 / divisor, rounded once. */
function counts({ rows }: operators.Sparse, windows: number): Float64Array {
  return Float64Array.from({ length: windows }, (_, w) => {
    const isEmpty = rows.rowStart[w] === rows.rowStart[w + 1];
    // A mean of nothing but counted padding is 0, whatever it is divided by.
    return isEmpty ? 1 : Math.round(1 / rows.values[rows.rowStart[w]]);
  });
}
