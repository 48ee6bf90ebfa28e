import { Cast, type CastAttrs, type NamedAttrMap, Select } from '@tensorflow/tfjs-core';
import { bytes, sizeOf, values } from './heap.js';
import { type Replacement, replacement } from './kernel.js';

/** Any number but 0 is true. Upstream keeps its lowest byte: 300 becomes 44, 256 false. */
export const cast: Replacement = replacement<'x', CastAttrs>(Cast, ({ inputs, attrs, backend, stock }) => {
  const { x } = inputs;
  if (attrs.dtype !== 'bool' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return stock(inputs, attrs);
  const out = backend.makeOutput(x.shape, 'bool');
  const [to, from] = values(backend, out, x);
  for (let i = 0; i < to.length; i++) to[i] = +(from[i] !== 0);
  return out;
});

/** Upstream writes four bytes for each of bool, beyond the end of its output. The condition has the shape of the others, or an element for each slice of them. */
export const select: Replacement = replacement<'condition' | 't' | 'e', NamedAttrMap>(
  Select,
  ({ inputs, attrs, backend, stock }) => {
    const { condition, t, e } = inputs;
    if (t.dtype !== 'bool' || e.dtype !== 'bool') return stock(inputs, attrs);
    const out = backend.makeOutput(t.shape, 'bool');
    const [to, yes, no, which] = [out, t, e, condition].map(info => bytes(backend, info));
    const slice = to.length / Math.max(1, sizeOf(condition));
    for (let i = 0; i < to.length; i++) to[i] = which[Math.floor(i / slice)] ? yes[i] : no[i];
    return out;
  },
);
