import * as tf from '@tensorflow/tfjs-core';

/** Tensors that stay on the device from step to step, so that a step uploads nothing. */
export class DeviceConstants {
  private readonly tensors = new Map<string, tf.Tensor>();
  private readonly names = new WeakMap<object, string>();
  private count = 0;

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

  /** A name for an object that constants belong to. */
  nameOf(object: object): string {
    const known = this.names.get(object);
    if (known) return known;
    this.count++;
    const name = `#${this.count}`;
    this.names.set(object, name);
    return name;
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}

/** Column `[rows, 1, …]` of that rank: 1 at each region's origin and 0 elsewhere. */
export function originColumn(
  rows: readonly number[],
  rank: number,
  constants: DeviceConstants | undefined,
): tf.Tensor {
  const make = () => {
    const values = rows.flatMap(count => Array.from({ length: count }, (_, i) => Number(i === 0)));
    return tf.tensor(values, [values.length, ...new Array<number>(rank - 1).fill(1)]);
  };
  return constants ? constants.get(`origins of ${rows}, ${rank}`, make) : make();
}
