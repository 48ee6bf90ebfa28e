import { numpy as np } from '@jax-js/jax';
import type { Tensor } from '../arrays.js';
import { integer } from './body.js';

/** Whether any, or all, are true along an axis. `any` and `all` of jax-js 0.1.25 give shaders that WebGPU refuses. */
export const anyOf = (truths: Tensor, axis: number, keepdims = false): Tensor =>
  np.greater(np.max(truths.astype(np.int32), axis, { keepdims }), integer(0));

export const allOf = (truths: Tensor, axis: number, keepdims = false): Tensor =>
  np.greater(np.min(truths.astype(np.int32), axis, { keepdims }), integer(0));
