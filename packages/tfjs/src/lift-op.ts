import {
  chooseWinners,
  liftGradient,
  type Matrix,
  type MaxShifts,
  pairLeads,
  type Region,
  type Windows,
  winnersOn,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertFiniteGradient, downloadFrames, tensorsOf, uploadFrames } from './frame-values.js';
import type { FrameTensors } from './frames.js';
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

/** The lifts `[windows]` of one maximum as a differentiable function of the frame tensors: core's `chooseWinners`. */
export function liftOp(frames: FrameTensors, options: LiftOptions): { lift: tf.Tensor1D; chosen: MaxShifts } {
  const { regions, windows, previous, present, tails, where } = options;
  let chosen: MaxShifts | undefined;
  const op = tf.customGrad((...args) => {
    const tensors = args.filter(arg => arg instanceof tf.Tensor) as tf.Tensor[];
    const values = downloadFrames(tensors, regions, where);
    const leads = regions.map((region, r) => pairLeads(windows, region, values[r]));
    const reaches = values.map(reachOf);
    const found = chooseWinners(windows, leads, {
      leadError: (r, rival, winner) =>
        (tails ? tails[r][rival] + tails[r][winner] : 0) - TIE * (reaches[r][rival] + reaches[r][winner]),
      ...(previous ? { previous } : {}),
      ...(present ? { lifts: present } : {}),
    });
    chosen = found;
    return {
      value: tf.tensor1d(Float32Array.from(found.lifts.lift)),
      gradFunc: (dy: tf.Tensor) => {
        assertFiniteGradient(dy, where);
        return uploadFrames(
          liftGradient(found, regions, values, Float64Array.from(dy.dataSync())),
          tensors,
          1,
        );
      },
    };
  });
  const lift = op(...tensorsOf(frames)) as tf.Tensor1D;
  return { lift, chosen: chosen! };
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

/** Frames through the winners (core's `maxFrame`); the windows have shape `[...shape]`. */
export function liftedFrames(
  { origins, directions }: FrameTensors,
  chosen: MaxShifts,
  lift: tf.Tensor1D,
  shape: readonly number[],
): FrameTensors {
  const rows = flatRows(origins);
  const winners = directions.map((_, r) => winnersOn(chosen, r));
  const picked = winners.map((index, r) => pickColumns(tf.slice(rows, [r, 0], [1, -1]), index));
  return {
    origins: tf.reshape(tf.add(tf.concat(picked, 0), lift), [directions.length, ...shape]),
    directions: directions.map(
      (block, r) => block && tf.reshape(pickColumns(flatRows(block), winners[r]), [block.shape[0], ...shape]),
    ),
  };
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
