import { OneHot, type OneHotAttrs } from '@tensorflow/tfjs-core';
import { values, words } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/**
 * Upstream's is of int32: in float32 its 1 is 1.4e−45, and bool it writes beyond the end of its output. An index outside of
 * `[0, depth)` gives a row of `offValue`, as on cpu.
 */
export const oneHot: Replacement = replacement<'indices', OneHotAttrs>(
  OneHot,
  ({ inputs: { indices }, attrs, backend }) => {
    const { depth, onValue, offValue, dtype } = attrs;
    const out = backend.makeOutput([...indices.shape, depth], dtype);
    const [to] = values(backend, out);
    to.fill(offValue);
    words(backend, indices)[0].forEach((index, row) => {
      if (index >= 0 && index < depth) to[row * depth + index] = onValue;
    });
    return out;
  },
);
