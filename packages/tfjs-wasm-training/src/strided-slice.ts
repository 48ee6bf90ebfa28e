import { Cast, StridedSlice, type StridedSliceAttrs } from '@tensorflow/tfjs-core';
import { compose, type Replacement, replacement } from './kernel.js';

/** Upstream's result of anything but a plain slice says float32 of the bits of int32, and bool is read four bytes at a time. */
export const stridedSlice: Replacement = replacement<'x', StridedSliceAttrs>(
  StridedSlice,
  ({ inputs, attrs, backend, stock }) => {
    const { x } = inputs;
    if (x.dtype !== 'int32' && x.dtype !== 'bool') return stock(inputs, attrs);
    return compose(backend, (run, own) => {
      const moved = own(stock({ x: x.dtype === 'bool' ? run(Cast, { x }, { dtype: 'int32' }) : x }, attrs));
      const entry = backend.dataIdMap.get(moved.dataId);
      entry.dtype = 'int32';
      moved.dtype = 'int32';
      return x.dtype === 'bool' ? run(Cast, { x: moved }, { dtype: 'bool' }) : moved;
    });
  },
);
