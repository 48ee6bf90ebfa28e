import type { Matrix, Region, Windows } from '@police/core';
import { chooseWinners, type MaxShifts, maxFrame, maxFramesAdjoint, pairLeads } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '../graph/node.js';
import { withGradient } from '../ops/with-gradient.js';
import { assertFiniteGradient, assertHeld, downloadFrames, joined, preActivations } from './frame-values.js';
import type { Frames } from './frames.js';

export interface LiftOptions {
  readonly regions: readonly Region[];
  readonly windows: Windows;
  /** The lifted entries of the last step, −1 for none, to keep; absent for a policy that keeps none. */
  readonly previous?: Int32Array | undefined;
  /** Lifts that the model has already. */
  readonly present?: MaxShifts['lifts'] | undefined;
  /** Bounds `[size]` per region on how far the entries are from what the frames tell. */
  readonly errors?: readonly Float64Array[] | undefined;
  readonly where: string;
}

export interface Lifted {
  readonly lift: tf.Tensor1D;
  readonly chosen: MaxShifts;
  /** After the maximum, `[Σ (dᵣ + 1), ...shape]`. */
  readonly frames: Frames;
}

/**
 * The lifts `[windows]` of one maximum, and the frames after it, as a differentiable function of the frames before it: core's
 * `chooseWinners`. The windows have shape `[...shape]`.
 */
export function liftOp(x: Frames, shape: Shape, options: LiftOptions): Lifted {
  const { regions, windows, where } = options;
  const values = preActivations(x, regions, where);
  const chosen = chooseLifts(values, options);
  assertHeld(chosen.lifts.lift, where);
  const results = [
    tf.tensor1d(Float32Array.from(chosen.lifts.lift)),
    tf.tensor(joined(values.map((block, r) => maxFrame(block, chosen, r))), [x.shape[0], ...shape]),
  ];
  const [lift, frames] = withGradient({ x }, results, ([dLift, dFrames]) => {
    const d = dLift.dataSync();
    assertFiniteGradient(d, windows.offsets.length - 1, where);
    const dy = downloadFrames(dFrames, regions);
    const dx = joined(maxFramesAdjoint(regions, values, chosen, dy, Float64Array.from(d)));
    return { x: tf.tensor(dx, x.shape) };
  });
  return { lift: lift as tf.Tensor1D, chosen, frames };
}

function chooseLifts(
  values: readonly Matrix[],
  { regions, windows, previous, present, errors }: LiftOptions,
): MaxShifts {
  const leads = regions.map((region, r) => pairLeads(windows, region, values[r]));
  const reaches = values.map(reachOf);
  return chooseWinners(windows, leads, {
    leadError: (r, rival, winner) =>
      (errors ? errors[r][rival] + errors[r][winner] : 0) - TIE * (reaches[r][rival] + reaches[r][winner]),
    ...(previous ? { previous } : {}),
    ...(present ? { lifts: present } : {}),
  });
}

/**
 * A lead this small against the entries is float32 rounding: equal entries, as the inputs of a maximum may have, must not
 * pass for rivals where each region has a winner of its own, for then one of them would be lifted on all regions.
 */
export const TIE: number = 2 ** -22;

/** Bound on the size of each column on the region, up to a factor: the sum of its frame values' sizes. */
function reachOf({ cols, data }: Matrix): Float64Array {
  const reach = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) reach[i % cols] += Math.abs(data[i]);
  return reach;
}
