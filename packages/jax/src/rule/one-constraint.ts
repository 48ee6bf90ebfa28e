import { numpy as np } from '@jax-js/jax';
import type { Kink } from '@police/core/adapter';
import { type Format, scalar, type Tensor } from '../arrays.js';
import { type Extent, integer, sideWhere } from './body.js';

/** What core's `shiftsOf` gives, with a gradient. */
export interface Chosen {
  /** c `[units]`. */
  readonly shift: Tensor;
  /** +1 above the kink after the shift, −1 below: `[regions · kinks, units]`, int32. */
  readonly sides: Tensor;
}

/**
 * The rule where there is one constraint: c = z − lo on the upper side of the kink [a, z], a − hi on the lower one, 0 where the unit does not
 * straddle it. Of a unit that does, the side is the one wanted `[1, units]` (0 for no wish), or the nearer one, of two equally near the upper.
 */
export function chooseOne(extent: Extent, kink: Kink, wanted: Tensor, dtype: Format): Chosen {
  const [a, z] = [() => scalar(kink.lo, dtype), () => scalar(kink.hi, dtype)];
  const isAbove = () => np.greaterEqual(extent.lo(), z());
  const isBelow = () => np.lessEqual(extent.hi(), a());
  const isUpNearer = np.lessEqual(z().sub(extent.lo()), extent.hi().sub(a()));
  const wish = np.where(np.equal(wanted.ref, integer(0)), sideWhere(isUpNearer), wanted);
  // ±1 becomes 1: below −∞ there is no side.
  const sides =
    kink.lo === Number.NEGATIVE_INFINITY
      ? np.maximum(wish, integer(1))
      : np.where(isAbove(), integer(1), np.where(isBelow(), integer(-1), wish));
  const isUp = () => np.greater(sides.ref, integer(0));
  const isStraddling = () => np.logicalNot(np.where(isUp(), isAbove(), isBelow()));
  const lifted = extent.extreme(isUp(), isStraddling()).neg();
  if (kink.lo === 0 && kink.hi === 0) return { sides, shift: lifted };
  const end = np.where(isStraddling(), np.where(isUp(), z(), a()), scalar(0, dtype));
  return { sides, shift: lifted.add(end.reshape([-1])) };
}
