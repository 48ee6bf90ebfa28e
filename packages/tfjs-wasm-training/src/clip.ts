import { ClipByValue, type ClipByValueAttrs } from '@tensorflow/tfjs-core';
import { values } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/** Upstream makes a bound of NaN, which hides a loss that has diverged, and takes int32 for float32. */
export const clip: Replacement = replacement<'x', ClipByValueAttrs>(
  ClipByValue,
  ({ inputs: { x }, attrs, backend }) => {
    const { clipValueMin: least, clipValueMax: greatest } = attrs;
    const out = backend.makeOutput(x.shape, x.dtype);
    const [to, from] = values(backend, out, x);
    for (let i = 0; i < to.length; i++) {
      const value = from[i];
      to[i] = value < least ? least : value > greatest ? greatest : value;
    }
    return out;
  },
);
