import { Greater, GreaterEqual, Less, LessEqual, type NamedAttrMap } from '@tensorflow/tfjs-core';
import { bytes, floats, sizeOf } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { assertNot } from './refused.js';

type Compare = (out: Uint8Array, a: Float32Array, b: Float32Array, step: number) => void;

/**
 * Comparisons with a scalar or a tensor of the same shape, the masks in the gradients of LeakyReLU, PReLU, SELU, ReLU6
 * and clipping. Upstream computes a broadcast index for every element: 0.12 ms for [128, 256], here 0.04 ms.
 *
 * One loop for each comparison: shared, with the comparison as a parameter, it would not be inlined.
 */
export const comparisons: Replacement[] = [
  comparison(Greater, (out, a, b, step) => {
    for (let i = 0; i < out.length; i++) out[i] = +(a[i] > b[i * step]);
  }),
  comparison(GreaterEqual, (out, a, b, step) => {
    for (let i = 0; i < out.length; i++) out[i] = +(a[i] >= b[i * step]);
  }),
  comparison(Less, (out, a, b, step) => {
    for (let i = 0; i < out.length; i++) out[i] = +(a[i] < b[i * step]);
  }),
  comparison(LessEqual, (out, a, b, step) => {
    for (let i = 0; i < out.length; i++) out[i] = +(a[i] <= b[i * step]);
  }),
];

function comparison(kernelName: string, compare: Compare): Replacement {
  return replacement<'a' | 'b', NamedAttrMap>(kernelName, ({ inputs, attrs, backend, stock }) => {
    const { a, b } = inputs;
    assertNot('string', kernelName, inputs);
    const scalar = b.shape.length === 0;
    const alike = scalar || String(a.shape) === String(b.shape);
    if (!alike || a.dtype !== 'float32' || b.dtype !== 'float32' || sizeOf(a) === 0)
      return stock(inputs, attrs);
    const out = backend.makeOutput(a.shape, 'bool');
    const [left, right] = floats(backend, a, b);
    compare(bytes(backend, out), left, right, scalar ? 0 : 1);
    return out;
  });
}
