import type { Activation, Matrix, Policy, Region } from '@police/core';
import {
  activateFrameAdjoint,
  type Block,
  type Shifts,
  shiftsOf,
  writeActivatedFrame,
} from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { assertFiniteGradient, blocksOf, preActivations } from './frame-values.js';
import type { Frames } from './frames.js';
import { type BiasSharing, type Shape, sizeOf } from './graph/node.js';
import { jointOp } from './joint-op.js';
import { peek } from './peek.js';
import { writtenTensors } from './written-tensors.js';

export interface ShiftOptions {
  readonly regions: readonly Region[];
  readonly activation: Activation;
  readonly policy: Policy;
  /** Sides of the last step, `[regions × kinks, units]`. */
  readonly previous: Int8Array;
  /** Units that share one shift. */
  readonly sharing?: BiasSharing | undefined;
  /** Units that share one bias. */
  readonly biasSharing?: BiasSharing | undefined;
  /** Bounds `[units]` per region on how far the values are from what the frames tell, kept off the kinks besides. */
  readonly margins?: readonly Float64Array[] | undefined;
  /** Whether nobody asks for the frames after it. */
  readonly isLast: boolean;
  /** The layer, for errors. */
  readonly where: string;
}

/** The frames before an activation. */
export interface PreActivations {
  /** Without the bias. */
  readonly frames: Frames;
  readonly bias?: tf.Tensor | undefined;
  /** PReLU's alpha `[...shape]`. */
  readonly alpha?: tf.Tensor | undefined;
}

export interface Shifted {
  /** One value per unit, or per group of units that share one, in a shape that broadcasts over `[rows, ...shape]`. */
  readonly c: tf.Tensor;
  readonly shifts: Shifts;
}

/**
 * The shifts c of one activation, and the activated frames unless it is the last, as a differentiable function of the frames before it.
 *
 * Values and gradient are core's on the downloaded frames: on the cpu and wasm backends that copy is cheaper than the
 * kernels it replaces, and there is one definition of both.
 *
 * Throws `not-finite` before any weight is touched: in the forward pass when the weights overflow on a region, in the
 * backward pass when the loss gradient that reaches the layer is NaN or infinite.
 */
export function shiftOp(
  h: PreActivations,
  options: ShiftOptions,
): Shifted & { readonly frames: Frames | undefined } {
  const { regions, activation, sharing, isLast, where } = options;
  const { shape } = h.frames;
  let values: Matrix[] = [];
  let shifts: Shifts | undefined;
  const [c, frames] = jointOp(namedTensors(h), {
    forward: () => {
      values = valuesOf(h.frames, h.bias, options);
      const found = findShifts(values, options);
      shifts = found;
      const c = shiftTensor(found, shape.slice(1), sharing);
      if (isLast) return [c];
      const [activated] = writtenTensors([shape], ([y]) => {
        blocksOf(y, regions).forEach((into, r) => {
          writeActivatedFrame(activation, values[r], found, r, into);
        });
      });
      return [c, activated];
    },
    backward: ([dc, dActivated]) => {
      const dShift = unitGradient(dc, sharing, where);
      let dBias: Float32Array | undefined;
      let dAlpha: Float64Array | undefined;
      const [dFrames] = writtenTensors([shape], ([d]) => {
        const into = blocksOf(d, regions);
        const dy = dActivated && blocksOf(peek(dActivated), regions);
        dAlpha = activateFrameAdjoint(regions, values, activation, shifts!, dy, dShift, into);
        dBias = biasGradient(into, options);
      });
      return {
        frames: dFrames,
        ...(h.bias ? { bias: tf.tensor(dBias!, h.bias.shape) } : {}),
        ...(h.alpha ? { alpha: tf.tensor(Float32Array.from(dAlpha!), h.alpha.shape) } : {}),
      };
    },
  });
  return { c, frames, shifts: shifts! };
}

function namedTensors({ frames, bias, alpha }: PreActivations): Record<string, tf.Tensor> {
  return { frames, ...(bias ? { bias } : {}), ...(alpha ? { alpha } : {}) };
}

/** Pre-activations in float64, with the bias on the origins. */
export function valuesOf(
  frames: Frames,
  bias: tf.Tensor | undefined,
  { regions, biasSharing, where }: ShiftOptions,
): Matrix[] {
  if (!bias) return preActivations(frames, regions, where);
  const b = bias.dataSync();
  return preActivations(frames, regions, where, unit => b[biasSharing ? biasSharing.groups[unit] : unit]);
}

export function findShifts(
  values: readonly Matrix[],
  { regions, activation, policy, previous, sharing, margins }: ShiftOptions,
): Shifts {
  return shiftsOf(regions, values, activation, policy, previous, sharing?.groups, margins);
}

export function shiftTensor({ shift }: Shifts, shape: Shape, sharing: BiasSharing | undefined): tf.Tensor {
  return tf.tensor(broadcastable(shift, sharing), [...(sharing?.shape ?? shape)]);
}

/** Shifts `[units]` as one value per group, if there are groups. */
export function broadcastable(shift: Float64Array, sharing: BiasSharing | undefined): Float32Array {
  if (!sharing) return Float32Array.from(shift);
  const values = new Float32Array(sizeOf(sharing.shape));
  sharing.groups.forEach((group, unit) => {
    values[group] = shift[unit];
  });
  return values;
}

/** dLoss/dc `[units]`; of a group, which has one, the first unit has it. */
export function unitGradient(dc: tf.Tensor, sharing: BiasSharing | undefined, where: string): Float64Array {
  const values = peek(dc);
  assertFiniteGradient(values, values.length, where);
  if (!sharing) return Float64Array.from(values);
  const dShift = new Float64Array(sharing.groups.length);
  const isSeen = new Uint8Array(values.length);
  sharing.groups.forEach((group, unit) => {
    if (!isSeen[group]) dShift[unit] = values[group];
    isSeen[group] = 1;
  });
  return dShift;
}

/** The bias is in the origins' rows. */
function biasGradient(dFrames: readonly Block[], { biasSharing }: ShiftOptions): Float32Array {
  const [{ cols: units }] = dFrames;
  const gradient = new Float32Array(biasSharing ? sizeOf(biasSharing.shape) : units);
  for (const { data } of dFrames) {
    for (let j = 0; j < units; j++) gradient[biasSharing ? biasSharing.groups[j] : j] += data[j];
  }
  return gradient;
}
