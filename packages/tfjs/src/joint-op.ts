import * as tf from '@tensorflow/tfjs-core';
import { type ComposedKernel, runComposed } from './kernel.js';

/** A function of tensors on downloaded values, and its gradient. */
export interface JointOp {
  /** The results. */
  forward(): tf.Tensor[];
  /** dLoss/dinput by name, flat, from dLoss/dresult. */
  backward(dys: tf.Tensor[]): Readonly<Record<string, Float32Array>>;
}

/**
 * Several results of one function on the gradient tape, which `customGrad` cannot have: a kernel that runs the function
 * in its attributes.
 */
export function jointOp(inputs: Readonly<Record<string, tf.Tensor>>, op: JointOp): tf.Tensor[] {
  return runComposed(kernel, inputs, { op, inputs }) as tf.Tensor[];
}

interface Attributes {
  readonly op: JointOp;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceJointOp',
  kernelFunc: ({ attrs }) => (attrs as unknown as Attributes).op.forward(),
  gradient: {
    gradFunc: (dy, _saved, attrs) => {
      const { op, inputs } = attrs as unknown as Attributes;
      const dys = Array.isArray(dy) ? dy : [dy];
      let found: ReturnType<JointOp['backward']> | undefined;
      return Object.fromEntries(
        Object.entries(inputs).map(([name, { shape }]) => [
          name,
          () => {
            found ??= op.backward(dys);
            return tf.tensor(found[name], shape);
          },
        ]),
      );
    },
  },
};
