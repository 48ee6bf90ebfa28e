import * as tf from '@tensorflow/tfjs-core';
import { isReadInPlace, peek } from './peek.js';

/**
 * Tensors of the given shapes that `write` fills, given zeros: on the wasm backend in their own memory, which for a frame of
 * 785 rows saves a copy and the garbage. `write` may read other tensors, but run no operation.
 */
export function writtenTensors(
  shapes: readonly (readonly number[])[],
  write: (values: Float32Array[]) => void,
): tf.Tensor[] {
  if (isReadInPlace()) {
    const made = shapes.map(shape => tf.fill([...shape], 0));
    write(made.map(peek));
    return made;
  }
  const values = shapes.map(shape => new Float32Array(tf.util.sizeFromShape([...shape])));
  write(values);
  return shapes.map((shape, i) => tf.tensor(values[i], [...shape]));
}
