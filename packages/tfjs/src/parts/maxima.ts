import type { Windows } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from '../device/constants.js';
import type { DeviceBody } from '../device/device-body.js';
import type { DeviceWindows } from '../device/maxima/device-windows.js';
import type { Shape } from '../graph/node.js';
import { type Part, partOf } from './part.js';

/** One maximum and what its pass adds. */
export interface DeviceLiftStep {
  readonly windows: DeviceWindows;
  /** One per region. */
  readonly bodies: readonly DeviceBody[];
  /** Rows of each region's frame. */
  readonly rows: readonly number[];
  /** The lifted entries of last time, `[windows]`, numbered from 1, 0 for none; absent for a policy that keeps none. */
  readonly previous: tf.Tensor | undefined;
  /** Whether nobody asks for the frames after it. */
  readonly isLast: boolean;
  /** Whether nobody asks for their gradient. */
  readonly isDetached?: boolean;
  readonly constants: DeviceConstants;
}

export interface DeviceLifted {
  readonly lift: tf.Tensor1D;
  /** As `previous`. */
  readonly winner: tf.Tensor1D;
  /** `[rows, ...shape]`. */
  readonly frames: tf.Tensor;
}

/** The lifts of frames `[rows, ...]` before a maximum of that shape, and the frames after it, on the gradient tape. */
export type LiftOnDevice = (x: tf.Tensor, shape: Shape, step: DeviceLiftStep) => DeviceLifted;

/** What computes maxima on a device. */
export interface MaximaOnDevice {
  readonly lift: LiftOnDevice;
  windows(windows: Windows, size: number, constants: DeviceConstants, name: string): DeviceWindows;
}

/** Without it core computes the whole constraint of a model with maxima, which needs it nowhere. */
export const maximaOnDevice: Part<MaximaOnDevice> = partOf('useMaxima', 'maxima on a device');
