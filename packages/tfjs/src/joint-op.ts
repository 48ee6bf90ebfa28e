import * as tf from '@tensorflow/tfjs-core';

/** A function of tensors on downloaded values, and its gradient. */
export interface JointOp {
  /** The results. */
  forward(): tf.Tensor[];
  /** dLoss/dinput by name, flat, from dLoss/dresult. */
  backward(dys: tf.Tensor[]): Readonly<Record<string, Float32Array>>;
}

const KERNEL = 'PoliceJointOp';

/**
 * Several results of one function on the gradient tape, which `customGrad` cannot have: a kernel that runs the function
 * in its attributes.
 */
export function jointOp(inputs: Readonly<Record<string, tf.Tensor>>, op: JointOp): tf.Tensor[] {
  register(tf.getBackend());
  return tf
    .engine()
    .runKernel(
      KERNEL,
      inputs as tf.NamedTensorMap,
      { op, inputs } as unknown as tf.NamedAttrMap,
    ) as tf.Tensor[];
}

interface Attributes {
  readonly op: JointOp;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
}

function register(backendName: string): void {
  if (!tf.getKernel(KERNEL, backendName)) {
    tf.registerKernel({
      kernelName: KERNEL,
      backendName,
      kernelFunc: ({ attrs }) => (attrs as unknown as Attributes).op.forward(),
    });
  }
  if (tf.getGradient(KERNEL)) return;
  tf.registerGradient({
    kernelName: KERNEL,
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
  });
}
