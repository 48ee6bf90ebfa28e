import * as tf from '@tensorflow/tfjs-core';

/** `tf.where` of tensors of one shape, `condition` of bool: without the three kernels that spread each to that shape. */
export function select<T extends tf.Tensor>(condition: tf.Tensor, then: T, otherwise: T): T {
  return tf.engine().runKernel('Select', { condition, t: then, e: otherwise }) as T;
}
