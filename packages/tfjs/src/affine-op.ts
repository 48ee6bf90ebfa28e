import * as tf from '@tensorflow/tfjs-core';

const KERNEL = 'PoliceAffine';

/**
 * `x W + b` for x `[n, in]`, W `[in, out]` and an optional b `[out]`.
 *
 * The same as `tf.fused.matMul`, but its gradient transposes explicitly before multiplying: products with a
 * transposed operand are 10 to 30 times slower on the wasm backend. A kernel of its own, because `customGrad`
 * would compute dLoss/dx for a first layer that nobody asks for.
 */
export function affine(x: tf.Tensor2D, w: tf.Tensor2D, b?: tf.Tensor1D): tf.Tensor2D {
  register(tf.getBackend());
  const inputs = (b ? { x, w, b } : { x, w }) as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(KERNEL, inputs) as tf.Tensor2D;
}

function register(backendName: string): void {
  if (!tf.getKernel(KERNEL, backendName)) {
    tf.registerKernel({
      kernelName: KERNEL,
      backendName,
      kernelFunc: ({ inputs }) => {
        const { x, w, b } = inputs as unknown as { x: tf.Tensor2D; w: tf.Tensor2D; b?: tf.Tensor1D };
        return tf.tidy(() => tf.fused.matMul({ a: x, b: w, ...(b ? { bias: b } : {}) }));
      },
    });
  }
  if (tf.getGradient(KERNEL)) return;
  tf.registerGradient({
    kernelName: KERNEL,
    inputsToSave: ['x', 'w'],
    gradFunc: (dyIn, saved) => {
      const dy = dyIn as tf.Tensor2D;
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      return {
        x: () => affine(dy, tf.transpose(w)),
        w: () => affine(tf.transpose(x), dy),
        b: () => tf.sum(dy, 0),
      };
    },
  });
}
