import { Slice, type SliceAttrs, slice_util } from '@tensorflow/tfjs-core';
import { type Replacement, replacement } from './kernel.js';

/** Upstream reads beyond the end of a slice that its tensor does not have. */
export const slice: Replacement = replacement<'x', SliceAttrs>(Slice, ({ inputs, attrs, stock }) => {
  const x = inputs.x as Parameters<typeof slice_util.assertParamsValid>[0];
  const [begin, size] = slice_util.parseSliceParams(x, attrs.begin, attrs.size);
  slice_util.assertParamsValid(x, begin, size);
  return stock(inputs, attrs);
});
