import { lax, numpy as np } from '@jax-js/jax';
import { scalar, type Tensor } from '../arrays.js';
import { sideWhere } from './body.js';
import type { Intervals } from './intervals.js';

/** What core's `chooseShifts` gives, with a gradient. */
export interface Chosen {
  /** c `[units]`. */
  readonly shift: Tensor;
  /** +1 above the kink after the shift, −1 below: `[constraints, units]`, int32. */
  readonly sides: Tensor;
}

/**
 * The rule of the paper (Algorithm 1, lines 5–8), generalised: to each unit the shift nearest 0 that puts every constraint on the side
 * wanted of it (`wanted` `[constraints, units]`, 0 for no wish); where there is none, the free shift nearest 0. A unit that straddles
 * nothing gets 0. Uses up what it is given.
 */
export const choose = (intervals: Intervals, wanted: Tensor): Chosen =>
  intervals.below.shape[0] === 1 ? chooseOne(intervals, wanted) : chooseAmong(intervals, wanted);

/** One constraint: above where the unit goes up and is not there, below where it goes down and is not there, else 0. */
function chooseOne({ below, above }: Intervals, wanted: Tensor): Chosen {
  const [b, a] = [lax.stopGradient(below.ref), lax.stopGradient(above.ref)];
  const zero = scalar(0, a.dtype);
  const isAbove = np.lessEqual(a.ref, zero.ref);
  const isBelow = np.greaterEqual(b.ref, zero.ref);
  // Below −∞ there is no side.
  const canGoDown = np.greater(b.ref, scalar(Number.NEGATIVE_INFINITY, a.dtype));
  const isWantedUp = np.greater(wanted.ref, none());
  const isWantedDown = np.logicalAnd(np.less(wanted, none()), canGoDown);
  const isUpNearer = np.lessEqual(a, b.neg());
  const goesUp = np.logicalOr(isWantedUp, np.logicalAnd(np.logicalNot(isWantedDown), isUpNearer));
  const isUp = np.logicalOr(isAbove.ref, np.logicalAnd(np.logicalNot(isBelow.ref), goesUp));
  const shift = np.where(isUp.ref, np.where(isAbove, zero.ref, above), np.where(isBelow, zero, below));
  return { shift: shift.slice(0), sides: sideWhere(isUp) };
}

/** Several: the largest lower end and the least upper end of the wanted sides, and where they cross, or nothing is wanted, the nearest. */
function chooseAmong({ below, above }: Intervals, wanted: Tensor): Chosen {
  const ends: Ends = { below: lax.stopGradient(below.ref), above: lax.stopGradient(above.ref) };
  const kept = keptShift(refOf(ends), wanted);
  const nearest = nearestShift(refOf(ends));
  const c = np.where(kept.isPossible, kept.shift, nearest);
  const sides = sideWhere(np.greaterEqual(c.ref, ends.above.ref));
  return { shift: withGradient(c, ends, { below, above }), sides };
}

interface Ends {
  readonly below: Tensor;
  readonly above: Tensor;
}

const refOf = ({ below, above }: Ends): Ends => ({ below: below.ref, above: above.ref });

/** Core's `wantedShift`. */
function keptShift({ below, above }: Ends, wanted: Tensor): { shift: Tensor; isPossible: Tensor } {
  const zero = scalar(0, above.dtype);
  const [infinity, none_] = [scalar(Number.POSITIVE_INFINITY, above.dtype), none()];
  const isAbove = np.lessEqual(above.ref, zero.ref);
  const isBelow = np.logicalAnd(np.greaterEqual(below.ref, zero.ref), np.logicalNot(isAbove.ref));
  const isUp = np.logicalOr(
    isAbove.ref,
    np.logicalAnd(np.greater(wanted.ref, none_.ref), np.logicalNot(isBelow.ref)),
  );
  const isDown = np.logicalOr(isBelow, np.logicalAnd(np.less(wanted, none_), np.logicalNot(isAbove)));
  const least = np.max(np.where(isUp.ref, above, infinity.ref.neg()), 0);
  const most = np.min(np.where(isDown.ref, below, infinity), 0);
  const shift = np.where(
    np.greater(least.ref, zero.ref),
    least.ref,
    np.where(np.less(most.ref, zero.ref), most.ref, zero),
  );
  const isDecided = np.all(np.logicalOr(isUp, isDown), 0);
  const isPossible = np.logicalAnd(
    np.logicalAnd(isDecided, np.lessEqual(least, most)),
    np.isfinite(shift.ref),
  );
  return { shift, isPossible };
}

/** Core's `nearestFreeShift`: of 0 and all ends those that lie in no interval, the nearest to 0; of two equally near the positive one. */
function nearestShift({ below, above }: Ends): Tensor {
  const { dtype, shape } = above;
  const [count, units] = shape;
  const zero = scalar(0, dtype);
  const infinity = scalar(Number.POSITIVE_INFINITY, dtype);
  const candidates = np.concatenate([above.ref, below.ref, np.zeros([1, units], { dtype })], 0);
  const each = candidates.ref.reshape([2 * count + 1, 1, units]);
  const isUnder = np.lessEqual(each.ref, below.reshape([1, count, units]));
  const isOver = np.greaterEqual(each, above.reshape([1, count, units]));
  const isFree = np.all(np.logicalOr(isUnder, isOver), 1);
  const isUp = np.logicalAnd(isFree.ref, np.greaterEqual(candidates.ref, zero.ref));
  const isDown = np.logicalAnd(isFree, np.lessEqual(candidates.ref, zero));
  const up = np.min(np.where(isUp, candidates.ref, infinity.ref), 0);
  const down = np.max(np.where(isDown, candidates, infinity.neg()), 0);
  return np.where(np.lessEqual(up.ref, down.ref.neg()), up, down);
}

/** c `[units]` as the end of the first interval that it is, with that end's gradient; as it is where it is none (0, or not finite). */
function withGradient(c: Tensor, ends: Ends, { below, above }: Intervals): Tensor {
  const zero = scalar(0, c.dtype);
  const [isUp, isDown] = [np.greater(c.ref, zero.ref), np.less(c.ref, zero.ref)];
  const isEnd = np.logicalOr(
    np.logicalAnd(isUp.ref, np.equal(ends.above, c.ref)),
    np.logicalAnd(isDown, np.equal(ends.below, c.ref)),
  );
  const count = isEnd.shape[0];
  const first = np.argmax(isEnd.ref.astype(np.int32), 0).reshape([1, -1]);
  const isFirst = np.equal(np.arange(count).reshape([count, 1]), first);
  const end = np.where(isUp, above, below);
  const selected = np.where(isFirst, end, zero).sum(0);
  return np.where(np.any(isEnd, 0), selected, c);
}

const none = (): Tensor => np.array(0, { dtype: np.int32 });
