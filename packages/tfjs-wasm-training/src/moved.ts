import { Cast, type NamedAttrMap, Reverse, StridedSlice, type TensorInfo } from '@tensorflow/tfjs-core';
import { type Call, compose, type Replacement, replacement } from './kernel.js';

/** Upstream moves bool four bytes at a time, beyond the end of its output. */
export const reverse: Replacement = replacement<'x', NamedAttrMap>(Reverse, call =>
  call.inputs.x.dtype === 'bool' ? asIntegers(call, call.stock) : call.stock(call.inputs, call.attrs),
);

/** As `reverse`. And what it moves it calls float32, unless it is a plain slice: int32 keep their bits, not their values. */
export const stridedSlice: Replacement = replacement<'x', NamedAttrMap>(StridedSlice, call => {
  const { inputs, attrs, backend, stock } = call;
  const integers: typeof stock = (given, attributes) => {
    const moved = stock(given, attributes);
    backend.dataIdMap.get(moved.dataId).dtype = 'int32';
    moved.dtype = 'int32';
    return moved;
  };
  if (inputs.x.dtype === 'bool') return asIntegers(call, integers);
  return inputs.x.dtype === 'int32' ? integers(inputs, attrs) : stock(inputs, attrs);
});

const asIntegers = (
  { inputs: { x }, attrs, backend }: Call<'x', NamedAttrMap>,
  move: Call<'x', NamedAttrMap>['stock'],
): TensorInfo =>
  compose(backend, (run, own) =>
    run(Cast, { x: own(move({ x: run(Cast, { x }, { dtype: 'int32' }) }, attrs)) }, { dtype: 'bool' }),
  );
