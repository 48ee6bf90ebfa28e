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
  const isUpNearer = () => np.lessEqual(z().sub(extent.lo()), extent.hi().sub(a()));
  const wish = np.where(np.equal(wanted.ref, integer(0)), sideWhere(isUpNearer()), wanted);
  // Below −∞ there is no side.
  const sides =
    kink.lo === Number.NEGATIVE_INFINITY
      ? upFor(wish)
      : np.where(isAbove(), integer(1), np.where(isBelow(), integer(-1), wish));
  const isUp = () => np.greater(sides.ref, integer(0));
  const isStraddling = () => np.where(isUp(), np.logicalNot(isAbove()), np.logicalNot(isBelow()));
  const lifted = extent.extreme(isUp(), isStraddling()).neg();
  if (kink.lo === 0 && kink.hi === 0) return { sides, shift: lifted };
  const end = kink.lo === kink.hi ? z() : np.where(isUp(), z(), a());
  return { sides, shift: lifted.add(np.where(isStraddling(), end, scalar(0, dtype)).reshape([-1])) };
}

function upFor(sides: Tensor): Tensor {
  const up = np.ones(sides.shape, { dtype: np.int32 });
  sides.dispose();
  return up;
}
