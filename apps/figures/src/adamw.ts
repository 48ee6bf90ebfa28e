import * as tf from '@tensorflow/tfjs-core';

/** PyTorch's defaults. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019), as PyTorch's AdamW, and a rate that may change. */
export class AdamW extends tf.AdamOptimizer {
  constructor(
    rate: number,
    private readonly decay: number,
  ) {
    super(rate, BETA1, BETA2, EPSILON);
  }

  set rate(rate: number) {
    this.learningRate = rate;
  }

  /** One step on all variables of the loss; returns the loss before it. The gradient is that of the weights before decay. */
  step(loss: () => tf.Scalar): number {
    const { value, grads } = tf.variableGrads(loss);
    tf.tidy(() => {
      const variables = tf.engine().registeredVariables;
      for (const name of Object.keys(grads)) {
        variables[name].assign(tf.mul(variables[name], 1 - this.learningRate * this.decay));
      }
    });
    this.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    const [before] = value.dataSync();
    tf.dispose([value, grads]);
    return before;
  }
}
