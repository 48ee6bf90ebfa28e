import type { Shape } from '../state/settings.js';
import type { Slice } from './slice.js';

/** Points along each side of a picture of someone's model. */
export const OWN_SIDE = 64;

export type ToOwn =
  | { readonly kind: 'open'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'compare';
      readonly slice: Slice;
      readonly shapes: readonly Shape[];
      readonly output: number;
    };

/** What is known of a model before anything is done to it. */
export interface Opened {
  readonly inputs: number;
  readonly outputs: number;
  /** Why it cannot be read but only run, if so. */
  readonly unread?: string;
}

/** A model after the promise was added, in one of the two ways. */
export interface Kept {
  /** The output in view, `[OWN_SIDE²]`, and by how much it is another. */
  readonly values: Float32Array;
  readonly difference: Float32Array;
  /** Shares of the points of the picture. */
  readonly decisionsKept: number;
  readonly changed: number;
  /** Of any output there. */
  readonly largestChange: number;
  /** Largest deviation from affine on random chords of the regions. */
  readonly residual: number;
  /** What was done, as a phrase. */
  readonly done: string;
  readonly onnx: Uint8Array;
  readonly certificate: string;
}

/** Or why it cannot be. */
export type Attempt = Kept | { readonly problem: string };

export interface Comparison {
  readonly before: { readonly values: Float32Array; readonly residual: number };
  readonly shift: Attempt;
  readonly patch: Attempt;
}

export type FromOwn =
  | { readonly kind: 'opened'; readonly model: Opened }
  | ({ readonly kind: 'compared' } & Comparison)
  | { readonly kind: 'error'; readonly message: string };
