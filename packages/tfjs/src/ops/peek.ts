import * as tf from '@tensorflow/tfjs-core';

/** What the wasm backend has besides what all have. */
interface Heap {
  typedArrayFromHeap?(tensor: tf.TensorInfo): tf.TypedArray;
}

/** Whether `peek` gives the backend's own memory. */
export const isReadInPlace = (): boolean => (tf.backend() as Heap).typedArrayFromHeap !== undefined;

let isTakenForDevice = false;

/** For tests and measurements: takes every backend for a device whose values nobody had better wait for. */
export function takeForDevice(isOne: boolean): void {
  isTakenForDevice = isOne;
}

/**
 * Whether to look at values is no wait for a device: the one place that decides where the constraint is computed. On cpu and wasm core computes
 * it, from values read in each layer, which is quicker there; on webgl and webgpu the device does (see `DevicePlace`).
 */
export const isReadAtOnce = (): boolean =>
  !isTakenForDevice && (isReadInPlace() || tf.getBackend() === 'cpu');

/**
 * The values of a float tensor, to be read before the next operation: as `dataSync`, but on the wasm backend a view of its
 * memory and no copy, which for a frame of 785 rows takes as long as finding its ranges.
 */
export function peek(tensor: tf.Tensor): Float32Array {
  const heap = tf.backend() as Heap;
  return (heap.typedArrayFromHeap?.(tensor) ?? tensor.dataSync()) as Float32Array;
}
