import type { Matrix, Region, Windows } from '@police/core';
import { chooseWinners, type MaxShifts, maxFrame, maxFramesAdjoint, pairLeads } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { assertFiniteGradient, downloadFrames, joined, preActivations } from './frame-values.js';
import type { Frames } from './frames.js';
import type { Shape } from './graph/node.js';
import { jointOp } from './joint-op.js';
import { pickColumns } from './pick-columns.js';

export interface LiftOptions {
  readonly regions: readonly Region[];
  readonly windows: Windows;
  /** The lifted entries of the last step, −1 for none, to keep; absent for a policy that keeps none. */
  readonly previous?: Int32Array | undefined;
  /** Lifts that the model has already. */
  readonly present?: MaxShifts['lifts'] | undefined;
  /** Bounds `[size]` per region on how far the entries are from what the frames tell. */
  readonly tails?: readonly Float64Array[] | undefined;
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
  let values: Matrix[] = [];
  let chosen: MaxShifts | undefined;
  const [lift, frames] = jointOp(
    { x },
    {
      forward: () => {
        values = preActivations(x, regions, where);
        const found = chooseLifts(values, options);
        chosen = found;
        return [
          tf.tensor1d(Float32Array.from(found.lifts.lift)),
          tf.tensor(joined(values.map((block, r) => maxFrame(block, found, r))), [x.shape[0], ...shape]),
        ];
      },
      backward: ([dLift, dFrames]) => {
        const d = dLift.dataSync();
        assertFiniteGradient(d, windows.offsets.length - 1, where);
        const dy = downloadFrames(dFrames, regions);
        const dx = joined(maxFramesAdjoint(regions, values, chosen!, dy, Float64Array.from(d)));
        return { x: tf.tensor(dx, x.shape) };
      },
    },
  );
  return { lift: lift as tf.Tensor1D, chosen: chosen!, frames };
}

function chooseLifts(
  values: readonly Matrix[],
  { regions, windows, previous, present, tails }: LiftOptions,
): MaxShifts {
  const leads = regions.map((region, r) => pairLeads(windows, region, values[r]));
  const reaches = values.map(reachOf);
  return chooseWinners(windows, leads, {
    leadError: (r, rival, winner) =>
      (tails ? tails[r][rival] + tails[r][winner] : 0) - TIE * (reaches[r][rival] + reaches[r][winner]),
    ...(previous ? { previous } : {}),
    ...(present ? { lifts: present } : {}),
  });
}

/**
 * A lead this small against the entries is float32 rounding: equal entries, as the inputs of a maximum may have, must not
 * pass for rivals where each region has a winner of its own, for then one of them would be lifted on all regions.
 */
const TIE = 2 ** -22;

/** Bound on the size of each column on the region, up to a factor: the sum of its frame values' sizes. */
function reachOf({ cols, data }: Matrix): Float64Array {
  const reach = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) reach[i % cols] += Math.abs(data[i]);
  return reach;
}

/** `max(y, x_winner + lift)`: y the plain maxima of x, windows that nothing lifts as they are. */
export function liftedMax(
  y: tf.Tensor,
  x: tf.Tensor,
  { offsets, members }: Windows,
  winner: Int32Array,
  lift: tf.Tensor1D,
): tf.Tensor {
  if (winner.every(entry => entry < 0)) return y;
  // An entry of the window itself changes nothing where the lift is 0.
  const candidates = winner.map((entry, w) => (entry < 0 ? members[offsets[w]] : entry));
  return tf.maximum(y, tf.reshape(tf.add(pickColumns(flatRows(x), candidates), lift), y.shape));
}

const flatRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0], -1]) as tf.Tensor2D;
