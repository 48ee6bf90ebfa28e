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
