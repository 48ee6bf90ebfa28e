import type { MaxShifts, Shifts } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type { DeviceWindows } from '../device/maxima/device-windows.js';

/** What is added at a nonlinearity so that it is affine on the regions: a shift to an activation, lifts to a maximum. */
export type Adjustment =
  | { readonly kind: 'shift'; readonly c: tf.Tensor }
  | { readonly kind: 'lift'; readonly winner: Int32Array; readonly lift: tf.Tensor1D }
  | LiftOnDevice;

/** Lifts that the device found and has: `winner` `[windows]` are entries numbered from 1, 0 for none. */
export interface LiftOnDevice {
  readonly kind: 'liftOnDevice';
  readonly windows: DeviceWindows;
  readonly winner: tf.Tensor;
  readonly lift: tf.Tensor;
}

/** An adjustment just found, and what core says of it. */
export type FoundAdjustment = { readonly place: number } & (
  | { readonly kind: 'shift'; readonly c: tf.Tensor; readonly shifts: Shifts }
  | { readonly kind: 'lift'; readonly lift: tf.Tensor1D; readonly chosen: MaxShifts }
);

/** What the device found at a nonlinearity and has. */
export interface FoundOnDevice {
  readonly place: number;
  /** Shifts, or lifts. */
  readonly c: tf.Tensor;
  /** `[regions × kinks, units]`, 1 or −1; of a maximum its lifted entries `[windows]`, numbered from 1, 0 for none. */
  readonly sides: tf.Tensor;
  /** Of a maximum. */
  readonly windows?: DeviceWindows | undefined;
}

/** It as what is added. */
export const adjustmentOnDevice = ({ c, sides, windows }: Omit<FoundOnDevice, 'place'>): Adjustment =>
  windows ? { kind: 'liftOnDevice', windows, winner: sides, lift: c } : { kind: 'shift', c };

/** What policy `sticky` keeps of a nonlinearity, by its position: sides, or lifted entries (−1 for none). */
export type Previous = (place: number) => Int8Array | Int32Array;
