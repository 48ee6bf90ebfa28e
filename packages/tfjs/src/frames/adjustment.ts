import type { MaxShifts, Shifts } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';

/** What is added at a nonlinearity so that it is affine on the regions: a shift to an activation, lifts to a maximum. */
export type Adjustment =
  | { readonly kind: 'shift'; readonly c: tf.Tensor }
  | { readonly kind: 'lift'; readonly winner: Int32Array; readonly lift: tf.Tensor1D };

/** An adjustment just found, and what core says of it. */
export type FoundAdjustment = { readonly place: number } & (
  | { readonly kind: 'shift'; readonly c: tf.Tensor; readonly shifts: Shifts }
  | { readonly kind: 'lift'; readonly lift: tf.Tensor1D; readonly chosen: MaxShifts }
);

/** Shifts that the device found and has. */
export interface FoundOnDevice {
  readonly place: number;
  readonly c: tf.Tensor;
  /** `[regions × kinks, units]`, 1 or −1. */
  readonly sides: tf.Tensor2D;
}

/** What policy `sticky` keeps of a nonlinearity, by its position: sides, or lifted entries (−1 for none). */
export type Previous = (place: number) => Int8Array | Int32Array;
