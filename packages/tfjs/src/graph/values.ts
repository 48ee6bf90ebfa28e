import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { type Layout, type Shape, sizeOf } from './node.js';

/** A layer's own fields, which tfjs-layers keeps but does not declare in public. */
export const fieldsOf = <Fields>(layer: unknown): Fields => layer as Fields;

/** The axes of a tensor with its last one in front. */
const lastFirst = (rank: number): number[] => [rank - 1, ...Array.from({ length: rank - 1 }, (_, i) => i)];

/** Sizes as core stores a value of this shape. */
export function storedShape(shape: Shape, layout: Layout): number[] {
  return layout === 'natural' ? [...shape] : lastFirst(shape.length).map(axis => shape[axis]);
}

/** `[size]`: entry j of the stored value is entry `order[j]` of the flattened one. */
export function storedOrder(shape: Shape, layout: Layout): Int32Array {
  if (layout === 'natural') return Int32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  return operators.transpose(shape, lastFirst(shape.length)).index;
}

/** Position j of `order[j]`. */
export function inverseOrder(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  order.forEach((from, j) => {
    inverse[from] = j;
  });
  return inverse;
}

/** A weight's values with its axes permuted, `[size]`. */
export function permuted(variable: LayerVariable, permutation: readonly number[]): Float32Array {
  // Read outside any tidy, which would search a returned array for tensors entry by entry.
  const transposed = tf.transpose(variable.read(), [...permutation]);
  const values = transposed.dataSync() as Float32Array;
  transposed.dispose();
  return values;
}

/** Writes values `[size]` that `permuted` gave. Every one is a float32 already. */
export function writePermuted(
  variable: LayerVariable,
  values: ArrayLike<number>,
  permutation: readonly number[],
): void {
  tf.tidy(() => {
    const shape = permutation.map(axis => variable.shape[axis] as number);
    variable.write(
      tf.transpose(tf.tensor(Float32Array.from(values), shape), [
        ...inverseOrder(Int32Array.from(permutation)),
      ]),
    );
  });
}

/** Writes values `[size]` as they lie. */
export function writeFlat(variable: LayerVariable, values: ArrayLike<number>): void {
  tf.tidy(() => {
    variable.write(tf.tensor(Float32Array.from(values), variable.shape as number[]));
  });
}

/** One value per group from one value per output. */
export function groupValues(values: Float64Array, groups: Int32Array | undefined): Float64Array {
  if (!groups) return values;
  const collected = new Float64Array(groups.reduce((most, group) => Math.max(most, group), -1) + 1);
  groups.forEach((group, j) => {
    collected[group] = values[j];
  });
  return collected;
}
