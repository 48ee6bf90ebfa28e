import * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from './constants.js';

/** `tf.where` of tensors of one shape, `condition` of bool: without the three kernels that spread each to that shape. */
export function select<T extends tf.Tensor>(condition: tf.Tensor, then: T, otherwise: T): T {
  return tf.engine().runKernel('Select', { condition, t: then, e: otherwise }) as T;
}

/**
 * 1 where a condition holds and 0 elsewhere, as numbers of their own. What `tf.cast` makes of bool on webgpu is the same buffer of integers by
 * another name, and its kernels that turn a tensor (a transpose, a maximum along an axis) do not compile for that: WebGPU then drops the whole
 * batch of kernels around it, and no error reaches JavaScript.
 */
export function indicator(condition: tf.Tensor, constants: DeviceConstants): tf.Tensor2D {
  const { shape } = condition;
  return select(condition, constants.filled(shape, 1), constants.filled(shape, 0)) as tf.Tensor2D;
}
