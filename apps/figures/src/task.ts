import type { Window } from './grid.js';

/** What a network is trained on. */
export interface Task {
  readonly name: string;
  /** What is drawn. */
  readonly window: Window;
  /** `[n, 2]`. */
  readonly points: Float32Array;
  /** `[n, outputs]`; labels 0 and 1 for the logistic loss. */
  readonly values: Float32Array;
  readonly outputs: number;
  /** Mean squared error, or the mean cross-entropy of the sigmoid of the one output. */
  readonly loss: 'squared' | 'logistic';
}

export const sizeOf = ({ points }: Task): number => points.length / 2;
