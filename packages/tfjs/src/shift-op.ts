import {
  type Activation,
  type Policy,
  type Region,
  type Shifts,
  shiftCoordinates,
  shiftsOf,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertFiniteGradient, downloadFrames, tensorsOf, uploadFrames } from './frame-values.js';
import type { FrameTensors } from './frames.js';
import { type BiasSharing, type Shape, sizeOf } from './graph/node.js';

export interface ShiftOptions {
  readonly regions: readonly Region[];
  readonly activation: Activation;
  readonly policy: Policy;
  /** Sides of the last step, `[regions × kinks, units]`. */
  readonly previous: Int8Array;
  /** Units that share one shift. */
  readonly sharing?: BiasSharing | undefined;
  /** Bounds `[units]` per region on how far the values are from what the frames tell, kept off the kinks besides. */
  readonly margins?: readonly Float64Array[] | undefined;
  /** The layer, for errors. */
  readonly where: string;
}

/**
 * The shifts c of one nonlinearity as a differentiable function of the frame tensors: one value per unit, or per group
 * of units that share one, in a shape that broadcasts over `[rows, ...shape]`.
 *
 * Values and gradient are core's `shiftsOf` and `shiftCoordinates` on the downloaded frame values: on the cpu and wasm
 * backends that copy is cheaper than the kernels it replaces, and there is one definition of both.
 *
 * Throws `not-finite` before any weight is touched: in the forward pass when the weights overflow on a region, in the
 * backward pass when the loss gradient that reaches the layer is NaN or infinite.
 */
export function shiftOp(frames: FrameTensors, options: ShiftOptions): { c: tf.Tensor; shifts: Shifts } {
  const { regions, activation, policy, previous, sharing, margins, where } = options;
  const shape = frames.origins.shape.slice(1);
  let shifts: Shifts | undefined;
  const op = tf.customGrad((...args) => {
    const tensors = args.slice(0, 1 + frames.directions.length) as tf.Tensor[];
    const values = downloadFrames(tensors.filter(isTensor), regions, where);
    const found = shiftsOf(regions, values, activation, policy, previous, sharing?.groups, margins);
    shifts = found;
    return {
      value: tf.tensor(broadcastable(found.shift, sharing), [...broadcastShape(shape, sharing)]),
      gradFunc: (dy: tf.Tensor) => {
        assertFiniteGradient(dy, where);
        const coordinates = shiftCoordinates(regions, values, activation.kinks.length, found);
        // Of a group only the unit that determines the shift has coordinates; dy is the sum over the group already.
        return uploadFrames(coordinates, tensors.filter(isTensor), -1).map(tensor => tf.mul(tensor, dy));
      },
    };
  });
  const c = op(...tensorsOf(frames));
  return { c, shifts: shifts! };
}

/** `customGrad` passes its save function after the tensors. */
const isTensor = (arg: unknown): arg is tf.Tensor => arg instanceof tf.Tensor;

const broadcastShape = (shape: Shape, sharing: BiasSharing | undefined): Shape => sharing?.shape ?? shape;

/** Shifts `[units]` as one value per group, if there are groups. */
export function broadcastable(shift: Float64Array, sharing: BiasSharing | undefined): Float32Array {
  if (!sharing) return Float32Array.from(shift);
  const values = new Float32Array(sizeOf(sharing.shape));
  sharing.groups.forEach((group, unit) => {
    values[group] = shift[unit];
  });
  return values;
}
