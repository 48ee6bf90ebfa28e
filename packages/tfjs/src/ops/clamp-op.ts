import * as tf from '@tensorflow/tfjs-core';
import { type ComposedKernel, runComposed } from './kernel.js';

/**
 * `max(min(value, centre + radius), centre − radius)` of tensors of one shape. To the bit: the centre where the radius is 0, the value
 * wherever it is within the radius.
 *
 * An operation of its own, because the framework's `minimum` and `maximum` give both sides of a tie a gradient: here, where the value is
 * within the radius, the border included, all of it is the value's; elsewhere the centre's and, by the side, the radius'.
 */
export function clamp(value: tf.Tensor2D, centre: tf.Tensor2D, radius: tf.Tensor2D): tf.Tensor2D {
  return runComposed(kernel, { value, centre, radius }) as tf.Tensor2D;
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceClamp',
  kernelFunc: ({ inputs }) => {
    const { value, centre, radius } = inputs as Readonly<Record<string, tf.Tensor>>;
    return tf.tidy(() => tf.maximum(tf.minimum(value, tf.add(centre, radius)), tf.sub(centre, radius)));
  },
  gradient: {
    inputsToSave: ['value'],
    outputsToSave: [true],
    gradFunc: (dyIn, [value, y]) => {
      const dy = dyIn as tf.Tensor;
      const ofValue = () => tf.where(tf.equal(value, y), dy, tf.zerosLike(dy));
      const ofCentre = () => tf.sub(dy, ofValue());
      return {
        value: ofValue,
        centre: ofCentre,
        radius: () => tf.mul(ofCentre(), tf.sign(tf.sub(value, y))),
      };
    },
  },
};
