import type { Activation } from '@police/core';
import { activationByName, type SmoothActivationName } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';

/** An elementwise function of the framework and core's description of it. */
export interface ActivationFunction {
  readonly description: Activation;
  apply(x: tf.Tensor): tf.Tensor;
}

/** The functions that tfjs-layers knows by name, by its names; `linear` is none. */
const functions: Readonly<Record<string, () => ActivationFunction>> = {
  relu: () => ({ description: activationByName('relu'), apply: x => tf.relu(x) }),
  relu6: () => ({ description: activationByName('relu6'), apply: x => tf.relu6(x) }),
  elu: () => ({ description: activationByName('elu'), apply: x => tf.elu(x) }),
  selu: () => ({ description: activationByName('selu'), apply: x => tf.selu(x) }),
  hardSigmoid: () => ({
    description: activationByName('hardSigmoid', { alpha: Math.fround(0.2) }), // as the framework multiplies
    apply: x => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  }),
};

/** Functions that are affine only up to an error, and only on their tails, by core's names for them. */
const smooth: Readonly<Record<string, { core: SmoothActivationName; apply: (x: tf.Tensor) => tf.Tensor }>> = {
  softplus: { core: 'softplus', apply: x => tf.softplus(x) },
  swish: { core: 'silu', apply: x => tf.mul(tf.sigmoid(x), x) },
  gelu: { core: 'gelu', apply: x => tf.mul(x, tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))))) },
  gelu_new: {
    core: 'geluTanh',
    apply: x => {
      const cubic = tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x))));
      return tf.mul(x, tf.mul(0.5, tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), cubic)))));
    },
  },
  sigmoid: { core: 'sigmoid', apply: x => tf.sigmoid(x) },
  tanh: { core: 'tanh', apply: x => tf.tanh(x) },
};

/** Functions of a whole output that may come last. */
const heads: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  softmax: x => tf.softmax(x),
  logSoftmax: x => tf.logSoftmax(x),
  sigmoid: x => tf.sigmoid(x),
};

/** Throws `unsupported-activation`, naming the layer, for a function that is not known, or smooth without `epsilon`. */
export function functionByName(name: string, where: string, epsilon?: number): ActivationFunction {
  if (Object.hasOwn(functions, name)) return functions[name]();
  if (Object.hasOwn(smooth, name)) {
    const { core, apply } = smooth[name];
    const parameters = epsilon === undefined ? {} : { epsilon };
    return { description: activationByName(core, parameters, where), apply };
  }
  // Core refuses every other name with its reason.
  return { description: activationByName(`tfjs ${name}`, undefined, where), apply: x => x };
}

export function headByName(name: string): ((x: tf.Tensor) => tf.Tensor) | undefined {
  return Object.hasOwn(heads, name) ? heads[name] : undefined;
}
