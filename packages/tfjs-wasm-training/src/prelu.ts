import { Add, Minimum, Multiply, Prelu, Relu, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf, zeros } from './heap.js';
import { compose, type Replacement, replacement } from './kernel.js';

/**
 * `max(x, 0) + α min(x, 0)`. Upstream takes α for that of the last axes of x whatever axes it has: it is wrong for one that is
 * broadcast along the last ones, as layers do that share it between pixels.
 */
export const prelu: Replacement = replacement<'x' | 'alpha', object>(
  Prelu,
  ({ inputs, attrs, backend, stock }) => {
    const { x, alpha } = inputs;
    if (sizeOf(x) === 0) return backend.makeOutput(x.shape, 'float32');
    if (x.dtype !== 'float32' || alpha.dtype !== 'float32' || isOfLastAxes(alpha, x))
      return stock(inputs, attrs);
    return compose(backend, (run, own) => {
      const zero = own(zeros(backend, [], 'float32'));
      const below = run(Minimum, { a: x, b: zero });
      return run(Add, { a: run(Relu, { x }), b: run(Multiply, { a: alpha, b: below }) });
    });
  },
);

/** Of one number, or of the same sizes as the last axes of x, ones before. */
function isOfLastAxes(alpha: TensorInfo, x: TensorInfo): boolean {
  if (sizeOf(alpha) === 1) return true;
  const own = alpha.shape.slice(alpha.shape.findIndex(size => size !== 1));
  return util.arraysEqual(own, x.shape.slice(x.shape.length - own.length));
}
