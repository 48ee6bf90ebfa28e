import { Identity } from '@tensorflow/tfjs-core';
import { type Replacement, replacement } from './kernel.js';

/**
 * One more reference to the same data, as on cpu; tensors are immutable. Upstream copies: every tensor
 * saved for its gradient, 0.1 ms for [1024, 1024].
 */
export const identity: Replacement = replacement<'x', object>(Identity, ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs.x;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
});
