import * as tf from '@tensorflow/tfjs-core';
import { affine } from './affine-op.js';
import { type ComposedKernel, runComposed } from './kernel.js';

/**
 * `x W` and `f W` for data x `[n, in]`, frames f `[rows, in]` and W `[in, out]`: one product of all rows, which reads W once for both,
 * and whose gradient to W is one product instead of two and their sum.
 */
export function jointProduct(x: tf.Tensor2D, f: tf.Tensor2D, w: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  return runComposed(kernel, { x, f, w }) as [tf.Tensor2D, tf.Tensor2D];
}

/**
 * Whether copying the rows together and apart, some `(n + rows) · (in + out)` numbers, is cheaper than what it saves: passes over
 * W's `in · out`.
 */
export function isWorthJoining(
  n: number,
  rows: number,
  [inSize, outSize]: readonly [number, number],
): boolean {
  return rows <= n / FEW && (n + rows) * (inSize + outSize) <= COPIES * inSize * outSize;
}

/** With more rows than this share of the data's, what the product costs is the products themselves. */
const FEW = 8;

/** Numbers copied in the time that passes over W take for each of its. */
const COPIES = 2;

const kernel: ComposedKernel = {
  kernelName: 'PoliceJointProduct',
  kernelFunc: ({ inputs }) => {
    const { x, f, w } = inputs as unknown as Record<'x' | 'f' | 'w', tf.Tensor2D>;
    return tf.tidy(() => tf.split(affine(tf.concat([x, f]), w), [x.shape[0], f.shape[0]]));
  },
  gradient: {
    inputsToSave: ['x', 'f', 'w'],
    gradFunc: (dys, saved) => {
      const [x, f, w] = saved as tf.Tensor2D[];
      const [dx, df, dw] = tf.tidy(() => {
        const d = tf.concat(dys as tf.Tensor2D[]);
        const back = tf.split(affine(d, tf.transpose(w)), [x.shape[0], f.shape[0]]);
        return [...back, affine(tf.transpose(tf.concat([x, f])), d)];
      });
      return { x: () => dx, f: () => df, w: () => dw };
    },
  },
};
