import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../state/settings.js';
import type { PlainNetwork, PlainPatch } from './snapshot.js';

const activations: Readonly<Record<ActivationName, (z: tf.Tensor) => tf.Tensor>> = {
  leakyRelu: z => tf.leakyRelu(z, 0.01),
  relu: z => tf.relu(z),
  elu: z => tf.elu(z),
  abs: z => tf.abs(z),
};

/** What a network computes at n points. */
export interface Forward {
  /** `[n]`, before any patch. */
  readonly values: Float32Array;
  /** Before the activations, `[units, n]` of each layer. */
  readonly preActivations: readonly Float32Array[];
}

/**
 * At points `[2, n]`: columns are points here, so that what one unit computes lies together. `look` is given the device's own memory, to be
 * read before the next operation.
 */
export function forwardColumns<T>(
  { layers, activation }: PlainNetwork,
  points: tf.Tensor2D,
  look: (forward: Forward) => T,
): T {
  const entered = tf.engine();
  entered.startScope();
  try {
    const found: tf.Tensor[] = [];
    let h: tf.Tensor = points;
    for (const { weight, bias } of layers) {
      const w = tf.tensor2d(weight, [bias.length, h.shape[0]]);
      const z = tf.add(tf.matMul(w, h as tf.Tensor2D), tf.tensor2d(bias, [bias.length, 1]));
      found.push(z);
      h = activations[activation](z);
    }
    const values = found.pop()!;
    return look({ values: peek(values), preActivations: found.map(peek) });
  } finally {
    entered.endScope();
  }
}

/** The wasm backend has a view of its memory; to copy a megabyte of it takes longer than all else. */
function peek(tensor: tf.Tensor): Float32Array {
  const heap = tf.backend() as { typedArrayFromHeap?(tensor: tf.TensorInfo): Float32Array };
  return heap.typedArrayFromHeap?.(tensor) ?? tensor.dataSync<'float32'>();
}

/** What patches make of values. */
export interface Held {
  readonly values: Float32Array;
  /** Where they are other than before. */
  readonly isHeld: Uint8Array;
  /** Of each patch, `[n]`: how far the value before it is from where it is held; above 0 it is. */
  readonly excess: readonly Float32Array[];
}

/** y = max(min(f, a + K d), a − K d), patch after patch, at points `[2, n]`. */
export function hold(values: Float32Array, patches: readonly PlainPatch[], points: Float32Array): Held {
  const n = values.length;
  const held = values.slice();
  const excess = patches.map(({ a, b, steepness, gap }) =>
    gap.map((d, i) => {
      const centre = a[0] * points[i] + a[1] * points[n + i] + b;
      const radius = steepness * d;
      const before = held[i];
      held[i] = Math.max(Math.min(before, centre + radius), centre - radius);
      return Math.abs(before - centre) - radius;
    }),
  );
  return { values: held, isHeld: Uint8Array.from(held, (y, i) => Number(y !== values[i])), excess };
}
