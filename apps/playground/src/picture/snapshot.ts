import type { ActivationName } from '../state/settings.js';

/** Points along each side of a picture that stands still. */
export const SIDE = 64;

/** And of one that the next will replace at once: little more than half the products. */
export const MOVING_SIDE = 48;

/** One dense layer: weight `[out, in]`, bias `[out]` with the shift of the units in it. */
export interface PlainLayer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** What holds the outputs near a region: see core's `patch`. */
export interface PlainPatch {
  /** y = a·x + b on the region. */
  readonly a: readonly number[];
  readonly b: number;
  readonly steepness: number;
  /** How far the points of a picture are from the region, `[side²]`. */
  readonly gap: Float32Array;
}

/** A network as numbers: all that a picture of it needs. */
export interface PlainNetwork {
  readonly layers: readonly PlainLayer[];
  readonly activation: ActivationName;
  /** One after the other. */
  readonly patches: readonly PlainPatch[];
}

/** What is told of training beside the pictures. */
export interface Progress {
  readonly steps: number;
  readonly running: boolean;
  readonly stepsPerSecond: number;
  /** Of method `shift`. */
  readonly shifted?: { readonly units: number; readonly of: number };
  /** A step under the constraint, in steps without. */
  readonly cost: number;
}

/** One of the two networks at a moment. */
export interface Sight {
  readonly network: PlainNetwork;
  /** Largest deviation from affine on random chords of the regions, of the model in training itself. */
  readonly residual: number;
}

/** The state of training, from the thread that trains to the one that paints. */
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly police: Sight;
  readonly free: Sight;
  /** Points along each side of the picture. */
  readonly side: number;
  /** The target `[side²]` at the points of a picture. */
  readonly target: Float32Array;
  /** Whether the lines where units change sign are wanted. */
  readonly bends: boolean;
  readonly progress: Progress;
}
