import type { Window } from './grid.js';

/** What a function of the plane is fitted to. */
export interface Samples {
  readonly name: string;
  /** `[n, 2]`. */
  readonly points: Float32Array | Float64Array;
  /** `[n, outputs]`; labels 0 and 1 for the logistic loss. */
  readonly values: Float32Array | Float64Array;
  readonly outputs: number;
  /** Mean squared error, or the mean cross-entropy of the sigmoid of the one output. */
  readonly loss: 'squared' | 'logistic';
}

/** What a network is trained on. */
export interface Task extends Samples {
  /** What is drawn. */
  readonly window: Window;
  readonly points: Float32Array;
  readonly values: Float32Array;
}

export const sizeOf = ({ points }: Samples): number => points.length / 2;

/** Samples as libraries take them that learn one by one, for least squares. */
export const samplesOf = (
  name: string,
  data: readonly { readonly input: readonly number[]; readonly output: readonly number[] }[],
): Samples => ({
  name,
  points: Float64Array.from(data.flatMap(({ input }) => input)),
  values: Float64Array.from(data.flatMap(({ output }) => output)),
  outputs: data[0].output.length,
  loss: 'squared',
});
