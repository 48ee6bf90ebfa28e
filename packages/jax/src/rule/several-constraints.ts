import { numpy as np } from '@jax-js/jax';
import { scalar, type Tensor } from '../arrays.js';
import { integer, isRow, sideWhere } from './body.js';
import { allOf } from './truths.js';

/** The ends of forbidden intervals, core's `ForbiddenIntervals`, `[constraints, units]` each, without gradient. */
export interface Intervals {
  readonly below: Tensor;
  readonly above: Tensor;
}

/** What the rule says of them. */
export interface Determined {
  /** c `[1, units]`, without gradient. */
  readonly shift: Tensor;
  /** +1 above the kink after the shift, −1 below, `[constraints, units]`, int32. */
  readonly sides: Tensor;
  /** Whether the shift is the end of this interval, of several the first: `[constraints, units]`. */
  readonly isActive: Tensor;
}

/**
 * Core's `chooseShifts`: the largest lower end and the least upper end of the sides wanted (`wanted` `[constraints, units]`, 0 for no wish),
 * and where they cross, or nothing is wanted, the free shift nearest 0. Uses up all it is given.
 */
export function determine(intervals: Intervals, wanted: Tensor): Determined {
  const kept = keptShift(refOf(intervals), wanted);
  const shift = np.where(kept.isPossible, kept.shift, nearestShift(refOf(intervals)));
  const { below, above } = intervals;
  const sides = sideWhere(np.greaterEqual(shift.ref, above.ref));
  const zero = scalar(0, shift.dtype);
  const end = np.where(np.greater(shift.ref, zero.ref), above, below);
  const isEnd = np.logicalAnd(np.notEqual(shift.ref, zero), np.equal(shift.ref, end));
  const first = np.argmax(isEnd.ref.astype(np.int32), 0, { keepdims: true });
  const isFirst = isRow(isEnd.shape[0], first);
  return { shift, sides, isActive: np.logicalAnd(isFirst, isEnd) };
}

const refOf = ({ below, above }: Intervals): Intervals => ({ below: below.ref, above: above.ref });

/** Core's `wantedShift`. */
function keptShift({ below, above }: Intervals, wanted: Tensor): { shift: Tensor; isPossible: Tensor } {
  const { dtype } = above;
  const zero = scalar(0, dtype);
  const infinity = scalar(Number.POSITIVE_INFINITY, dtype);
  const none = integer(0);
  const isAbove = np.lessEqual(above.ref, zero.ref);
  const isBelow = np.logicalAnd(np.greaterEqual(below.ref, zero.ref), np.logicalNot(isAbove.ref));
  const isUp = np.logicalOr(
    isAbove.ref,
    np.logicalAnd(np.greater(wanted.ref, none.ref), np.logicalNot(isBelow.ref)),
  );
  const isDown = np.logicalOr(isBelow, np.logicalAnd(np.less(wanted, none), np.logicalNot(isAbove)));
  const least = np.max(np.where(isUp.ref, above, infinity.ref.neg()), 0, { keepdims: true });
  const most = np.min(np.where(isDown.ref, below, infinity), 0, { keepdims: true });
  const shift = np.where(
    np.greater(least.ref, zero.ref),
    least.ref,
    np.where(np.less(most.ref, zero.ref), most.ref, zero),
  );
  const isDecided = allOf(np.logicalOr(isUp, isDown), 0, true);
  const isPossible = np.logicalAnd(
    np.logicalAnd(isDecided, np.lessEqual(least, most)),
    np.isfinite(shift.ref),
  );
  return { shift, isPossible };
}

/** Core's `nearestFreeShift`: of 0 and all ends those that lie in no interval, the nearest to 0; of two equally near the positive one. */
function nearestShift({ below, above }: Intervals): Tensor {
  const { dtype, shape } = above;
  const [count, units] = shape;
  const zero = scalar(0, dtype);
  const infinity = scalar(Number.POSITIVE_INFINITY, dtype);
  const candidates = np.concatenate([above.ref, below.ref, np.zeros([1, units], { dtype })], 0);
  const each = candidates.ref.reshape([2 * count + 1, 1, units]);
  const isUnder = np.lessEqual(each.ref, below.reshape([1, count, units]));
  const isOver = np.greaterEqual(each, above.reshape([1, count, units]));
  const isFree = allOf(np.logicalOr(isUnder, isOver), 1);
  const isUp = np.logicalAnd(isFree.ref, np.greaterEqual(candidates.ref, zero.ref));
  const isDown = np.logicalAnd(isFree, np.lessEqual(candidates.ref, zero));
  const up = np.min(np.where(isUp, candidates.ref, infinity.ref), 0, { keepdims: true });
  const down = np.max(np.where(isDown, candidates, infinity.neg()), 0, { keepdims: true });
  return np.where(np.lessEqual(up.ref, down.ref.neg()), up, down);
}
