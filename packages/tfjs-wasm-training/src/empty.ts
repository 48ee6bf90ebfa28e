import {
  All,
  Any,
  ArgMax,
  ArgMin,
  backend_util,
  type DataType,
  Max,
  type MaxAttrs,
  Min,
  Prod,
  type TensorInfo,
  upcastType,
  util,
} from '@tensorflow/tfjs-core';
import { sizeOf, values } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/**
 * Reductions of an empty tensor, whose output upstream leaves uninitialised, or divides by its size. What they give is what
 * they give on cpu.
 */
const overNothing = (
  kernelName: string,
  of: number,
  dtypeOf: (x: TensorInfo) => DataType = x => x.dtype,
): Replacement =>
  replacement<'x', MaxAttrs>(kernelName, ({ inputs, attrs, backend, stock }) => {
    const { x } = inputs;
    if (sizeOf(x) > 0) return stock(inputs, attrs);
    const axes = util.parseAxisParam(
      (attrs as { axis?: number | number[] }).axis ?? attrs.reductionIndices,
      x.shape,
    );
    const [shape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const out = backend.makeOutput(
      attrs.keepDims ? backend_util.expandShapeToKeepDim(shape, axes) : shape,
      dtypeOf(x),
    );
    values(backend, out)[0].fill(of);
    return out;
  });

export const reductions: Replacement[] = [
  overNothing(Max, Number.NaN),
  overNothing(Min, Number.NaN),
  overNothing(Prod, 1, x => upcastType(x.dtype, 'int32')),
  overNothing(All, 0),
  overNothing(Any, 0),
  overNothing(ArgMax, 0, () => 'int32'),
  overNothing(ArgMin, 0, () => 'int32'),
];
