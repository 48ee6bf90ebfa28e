import type * as tf from '@tensorflow/tfjs-core';
import { type ComposedKernel, runComposed } from './kernel.js';

/** A function of tensors on downloaded values, and its gradient. */
export interface JointOp {
  /** The results. */
  forward(): tf.Tensor[];
  /** dLoss/dinput by name, from dLoss/dresult. */
  backward(dys: tf.Tensor[]): Readonly<Record<string, tf.Tensor>>;
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
      const found = op.backward(Array.isArray(dy) ? dy : [dy]);
      return Object.fromEntries(Object.keys(inputs).map(name => [name, () => found[name]]));
    },
  },
};
