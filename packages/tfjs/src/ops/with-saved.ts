import * as tf from '@tensorflow/tfjs-core';
import { type ComposedKernel, runComposed } from './kernel.js';

type Named = Readonly<Record<string, tf.Tensor>>;

/** dLoss/dinput by name, from dLoss/dresult; `saved` has the inputs and what was saved besides. */
export type SavedBackward = (dys: tf.Tensor[], saved: Named) => Readonly<Record<string, tf.Tensor>>;

/**
 * Puts results that were computed off the tape on it, with one gradient for all of them, made of operations on the device. What `backward`
 * needs is in `saved`, which outlives the pass, and not in its closure.
 */
export function withSaved(
  inputs: Named,
  saved: Named,
  results: readonly tf.Tensor[],
  backward: SavedBackward,
): tf.Tensor[] {
  const all = { ...inputs, ...saved };
  const wanted = Object.keys(inputs);
  // A list: only of one can all be saved.
  return runComposed(kernel, Object.values(all), {
    results,
    backward,
    names: Object.keys(all),
    wanted,
  }) as tf.Tensor[];
}

interface Attributes {
  readonly results: tf.Tensor[];
  readonly backward: SavedBackward;
  readonly names: readonly string[];
  readonly wanted: readonly string[];
}

const kernel: ComposedKernel = {
  kernelName: 'PoliceWithSaved',
  // Tensors of their own, for a result may be among what is saved.
  kernelFunc: ({ attrs }) => (attrs as unknown as Attributes).results.map(result => tf.clone(result)),
  gradient: {
    saveAllInputs: true,
    gradFunc: (dy, tensors, attrs) => {
      const { backward, names, wanted } = attrs as unknown as Attributes;
      const saved = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
      const found = backward(Array.isArray(dy) ? dy : [dy], saved);
      return Object.fromEntries(wanted.map((name, i) => [i, () => found[name]]));
    },
  },
};
