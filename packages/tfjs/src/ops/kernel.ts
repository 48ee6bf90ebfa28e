import * as tf from '@tensorflow/tfjs-core';

/** A kernel made of other operations, and its gradient. */
export interface ComposedKernel {
  readonly kernelName: string;
  readonly kernelFunc: tf.KernelFunc;
  readonly gradient: Omit<tf.GradConfig, 'kernelName'>;
}

/** Runs a kernel on the backend in use, which is told of it the first time. */
export function runComposed(
  { kernelName, kernelFunc, gradient }: ComposedKernel,
  inputs: Readonly<Record<string, tf.Tensor>> | readonly tf.Tensor[],
  attributes?: object,
): tf.Tensor | tf.Tensor[] {
  const backendName = tf.getBackend();
  if (!tf.getKernel(kernelName, backendName)) tf.registerKernel({ kernelName, backendName, kernelFunc });
  if (!tf.getGradient(kernelName)) tf.registerGradient({ kernelName, ...gradient });
  return tf
    .engine()
    .runKernel(kernelName, inputs as unknown as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
}
