import {
  Acos,
  Acosh,
  Asin,
  Asinh,
  Atanh,
  Cast,
  Expm1,
  IsFinite,
  IsNan,
  Log1p,
  Reciprocal,
} from '@tensorflow/tfjs-core';
import { compose, type Replacement, replacement } from './kernel.js';
import { assertNot } from './refused.js';

/** Upstream takes the bits of int32 for those of float32. These keep the type, as on cpu, but for the two that answer by bool. */
export const ofIntegers: Replacement[] = [
  Acos,
  Acosh,
  Asin,
  Asinh,
  Atanh,
  Expm1,
  IsFinite,
  IsNan,
  Log1p,
  Reciprocal,
].map(kernelName =>
  replacement<'x', object>(kernelName, ({ inputs, attrs, backend, stock }) => {
    const { x } = inputs;
    assertNot('bool', kernelName, inputs);
    if (x.dtype !== 'int32') return stock(inputs, attrs);
    return compose(backend, (run, own) => {
      const result = own(stock({ x: run(Cast, { x }, { dtype: 'float32' }) }, attrs));
      return result.dtype === 'bool' ? result : run(Cast, { x: result }, { dtype: 'int32' });
    });
  }),
);
