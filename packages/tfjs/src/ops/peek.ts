import * as tf from '@tensorflow/tfjs-core';

/** What the wasm backend has besides what all have. */
interface Heap {
  typedArrayFromHeap?(tensor: tf.TensorInfo): tf.TypedArray;
}

/** Whether `peek` gives the backend's own memory. */
export const isReadInPlace = (): boolean => (tf.backend() as Heap).typedArrayFromHeap !== undefined;

/** Whether to look at values is no wait for a device. */
export const isReadAtOnce = (): boolean => isReadInPlace() || tf.getBackend() === 'cpu';

/**
 * The values of a float tensor, to be read before the next operation: as `dataSync`, but on the wasm backend a view of its
 * memory and no copy, which for a frame of 785 rows takes as long as finding its ranges.
 */
export function peek(tensor: tf.Tensor): Float32Array {
  const heap = tf.backend() as Heap;
  return (heap.typedArrayFromHeap?.(tensor) ?? tensor.dataSync()) as Float32Array;
}
