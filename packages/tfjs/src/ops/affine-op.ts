import * as tf from '@tensorflow/tfjs-core';
import { type ComposedKernel, runComposed } from './kernel.js';
import { isReadAtOnce } from './peek.js';

/**
 * `x W + b` for x `[n, in]`, W `[in, out]` and an optional b `[out]`.
 *
 * The same as `tf.fused.matMul`, but its gradient transposes explicitly before multiplying: products with a
 * transposed operand are 10 to 30 times slower on the wasm backend. A kernel of its own, because `customGrad`
 * would compute dLoss/dx for a first layer that nobody asks for.
 */
export function affine(x: tf.Tensor2D, w: tf.Tensor2D, b?: tf.Tensor1D): tf.Tensor2D {
  return runComposed(kernel, b ? { x, w, b } : { x, w }) as tf.Tensor2D;
}

/**
 * `y Wᵀ` for y `[n, out]` and W `[in, out]`: of few rows as `(W yᵀ)ᵀ`, which neither transposes W nor packs it for the product.
 * Packing takes as long as two transposes.
 */
export function timesTransposed(y: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D {
  // A device multiplies transposed operands as they are, in one kernel.
  if (!isReadAtOnce()) return tf.matMul(y, w, false, true);
  const [inSize, outSize] = w.shape;
  const isSmall = y.shape[0] * (3 * outSize + inSize) < 3 * inSize * outSize;
  return isSmall ? tf.transpose(affine(w, tf.transpose(y))) : affine(y, tf.transpose(w));
}

/** `xᵀ y` for x `[n, in]` and y `[n, out]`. */
export function transposedTimes(x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D {
  return isReadAtOnce() ? affine(tf.transpose(x), y) : tf.matMul(x, y, true);
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceAffine',
  kernelFunc: ({ inputs }) => {
    const { x, w, b } = inputs as unknown as { x: tf.Tensor2D; w: tf.Tensor2D; b?: tf.Tensor1D };
    return tf.tidy(() => tf.fused.matMul({ a: x, b: w, ...(b ? { bias: b } : {}) }));
  },
  gradient: {
    inputsToSave: ['x', 'w'],
    gradFunc: (dyIn, saved) => {
      const dy = dyIn as tf.Tensor2D;
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      return {
        x: () => timesTransposed(dy, w),
        w: () => transposedTimes(x, dy),
        b: () => tf.sum(dy, 0),
      };
    },
  },
};
