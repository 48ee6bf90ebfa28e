import * as tf from '@tensorflow/tfjs-core';

/** Tensors that stay on the device from step to step, so that a step uploads nothing. */
export class DeviceConstants {
  private readonly tensors = new Map<string, tf.Tensor>();

  /** The tensor of that name, made when first asked for. */
  get<T extends tf.Tensor>(name: string, make: () => T): T {
    const known = this.tensors.get(name);
    if (known) return known as T;
    const made = tf.keep(make());
    this.tensors.set(name, made);
    return made;
  }

  /** A tensor `[...shape]` of one number. */
  filled(shape: readonly number[], value: number): tf.Tensor {
    return this.get(`${value} ${shape.join('×')}`, () => tf.fill([...shape], value));
  }

  /** Numbers `[rows, columns]`, by name. */
  rows(name: string, rows: number, values: () => ArrayLike<number>): tf.Tensor2D {
    return this.get(name, () => {
      const data = Float32Array.from(values());
      return tf.tensor2d(data, [rows, data.length / rows]);
    });
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}
