import { Cumprod, type CumprodAttrs, Cumsum, type CumsumAttrs, util } from '@tensorflow/tfjs-core';
import { sizeOf } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/**
 * Upstream takes a negative axis for one more axis, and writes beyond the end of its output; and where there is nothing to
 * scan it divides by the size.
 */
export const scans: Replacement[] = [Cumsum, Cumprod].map(kernelName =>
  replacement<'x', CumsumAttrs | CumprodAttrs>(kernelName, ({ inputs, attrs, backend, stock }) => {
    const { x } = inputs;
    if (sizeOf(x) === 0) return backend.makeOutput(x.shape, x.dtype);
    const [axis] = util.parseAxisParam(attrs.axis, x.shape);
    return stock(inputs, { ...attrs, axis });
  }),
);
