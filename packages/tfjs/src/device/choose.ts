import * as tf from '@tensorflow/tfjs-core';
import { chosenRows } from './chosen-rows.js';
import type { DeviceConstants } from './constants.js';
import { indicator, select } from './select.js';

/**
 * Core's `ForbiddenIntervals` on the device, `[constraints, units]`: the least shift over every kink, and what the greatest one under it falls
 * short of 0 by. A unit straddles a kink where both are above 0.
 */
export interface DeviceIntervals {
  readonly above: tf.Tensor2D;
  readonly minusBelow: tf.Tensor2D;
}

/** Core's `Shifts` on the device. */
export interface DeviceShifts {
  /** `[1, units]`. */
  readonly c: tf.Tensor2D;
  /** Whether a unit lies above a kink, `[constraints, units]` of bool. */
  readonly isAbove: tf.Tensor2D;
  /**
   * Of the constraint whose interval's end the shift is, `[constraints, units]`: −1 where it lifts the least value over the kink, +1 where it lowers
   * the largest one under it; 0 of all others.
   */
  readonly side: tf.Tensor2D;
}

/** No number that a shift may be. */
export const HUGE = 3e38;

/** Core's `chooseShifts`: `wish` `[constraints, units]` is +1, −1 or 0 of each; undefined where nothing is ever wished. */
export function chooseOnDevice(
  intervals: DeviceIntervals,
  wish: tf.Tensor2D | undefined,
  constants: DeviceConstants,
): DeviceShifts {
  return intervals.above.shape[0] === 1
    ? chooseAmongOne(intervals, wish, constants)
    : chooseAmongSeveral(intervals, wish, constants);
}

/** Of one constraint every side is free: the wished one of a unit that straddles, else the nearer, of two equally near the upper one. */
function chooseAmongOne(
  { above, minusBelow }: DeviceIntervals,
  wish: tf.Tensor2D | undefined,
  constants: DeviceConstants,
): DeviceShifts {
  const nearness = tf.sub(minusBelow, above);
  // A unit that straddles and wishes has its bar beyond every number.
  const straddles = wish && tf.step(tf.minimum(above, minusBelow));
  const bar = wish ? tf.mul(tf.mul(straddles!, wish), constants.filled([], -HUGE)) : constants.filled([], 0);
  const isAbove = tf.greaterEqual(nearness, bar);
  const c = select(isAbove, tf.relu(above), tf.neg(tf.relu(minusBelow)));
  return { c, isAbove: isAbove as tf.Tensor2D, side: tf.neg(tf.sign(c)) };
}

/**
 * The shift nearest 0 that puts every constraint on its wished side; where there is none, or a wish is missing, the free one nearest 0: an end of
 * some interval, or 0.
 */
function chooseAmongSeveral(
  intervals: DeviceIntervals,
  wish: tf.Tensor2D | undefined,
  constants: DeviceConstants,
): DeviceShifts {
  const { above, minusBelow } = intervals;
  const zero = constants.filled([], 0);
  const nearest = nearestFree(intervals, constants);
  let c = nearest;
  if (wish) {
    const { shift, exists } = wishedShift(intervals, wish, constants);
    c = select(exists, shift, nearest);
  }
  const isAbove = tf.greaterEqual(c, above) as tf.Tensor2D;
  const end = tf.where(tf.greater(c, zero), above, tf.neg(minusBelow));
  // Of several tied ends, the first.
  const first = chosenRows(indicator(tf.equal(end, c), constants), constants);
  return { c, isAbove, side: tf.mul(first, tf.neg(tf.sign(c))) as tf.Tensor2D };
}

function wishedShift(
  { above, minusBelow }: DeviceIntervals,
  wish: tf.Tensor2D,
  constants: DeviceConstants,
): { shift: tf.Tensor2D; exists: tf.Tensor } {
  const all = (value: number) => constants.filled(above.shape, value);
  const zero = constants.filled([], 0);
  const side = select(
    tf.lessEqual(above, zero),
    all(1),
    select(tf.lessEqual(minusBelow, zero), all(-1), wish),
  );
  const least = tf.max(select(tf.greater(side, zero), above, all(-HUGE)), 0, true);
  // Of the wishes for below, by what the shift must at least be negative.
  const most = tf.max(select(tf.less(side, zero), minusBelow, all(-HUGE)), 0, true);
  const isAsked = tf.greater(tf.min(tf.abs(side), 0, true), zero);
  const isConsistent = tf.lessEqual(least, tf.neg(most));
  return {
    shift: tf.sub(tf.relu(least), tf.relu(most)) as tf.Tensor2D,
    exists: tf.logicalAnd(isAsked, isConsistent),
  };
}

/** The free shift nearest 0, `[1, units]`; of two equally near, the positive one. */
function nearestFree({ above, minusBelow }: DeviceIntervals, constants: DeviceConstants): tf.Tensor2D {
  const [count, units] = above.shape;
  const zero = constants.filled([], 0);
  const below = tf.neg(minusBelow);
  const candidates = tf.concat([constants.filled([1, units], 0), above, below]);
  const each = tf.reshape(candidates, [-1, 1, units]);
  const isInside = tf.logicalAnd(
    tf.greater(each, tf.reshape(below, [1, count, units])),
    tf.less(each, tf.reshape(above, [1, count, units])),
  );
  const ofEach = (value: number) => constants.filled(isInside.shape, value);
  const ban = tf.max(select(isInside, ofEach(HUGE), ofEach(0)), 1);
  const distance = tf.maximum(ban, tf.abs(candidates));
  const none = constants.filled(candidates.shape, HUGE);
  const up = tf.min(select(tf.greaterEqual(candidates, zero), distance, none), 0, true) as tf.Tensor2D;
  const down = tf.min(select(tf.less(candidates, zero), distance, none), 0, true) as tf.Tensor2D;
  return select(tf.lessEqual(up, down), up, tf.neg(down));
}
