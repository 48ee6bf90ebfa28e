import { numpy as np } from '@jax-js/jax';
import type { Kink } from '@police/core/adapter';
import { type Format, scalar, type Tensor, tensorOf } from '../arrays.js';
import type { Extent } from './body.js';
import { type Chosen, chooseOne } from './one-constraint.js';
import { determine, type Intervals } from './several-constraints.js';
import { anyOf } from './truths.js';

/**
 * The one step before a nonlinearity (paper, Algorithm 1, lines 5–8, generalised): to each unit the shift nearest 0 that puts every
 * constraint, a kink on a region, on the side wanted of it (`wanted` `[regions · kinks, units]`, 0 for no wish); where there is none, the
 * free shift nearest 0. A unit that straddles nothing gets 0. `positions` consecutive units share one shift.
 *
 * The gradient is core's `shiftGradient`: that of the extreme which the shift just moves out of the kink; sides have none.
 */
export function shiftOf(
  extents: readonly Extent[],
  kinks: readonly Kink[],
  wanted: Tensor,
  dtype: Format,
  positions = 1,
): Chosen {
  if (extents.length * kinks.length * positions === 1) return chooseOne(extents[0], kinks[0], wanted, dtype);
  const share = (x: Tensor) => (positions === 1 ? x : ofChannels(x, positions));
  const unshare = (x: Tensor) => (positions === 1 ? x : ofUnits(x, positions));
  const { below, above } = intervalsOf(extents, kinks, dtype);
  const found = determine({ below: share(below), above: share(above) }, share(wanted));
  const isActive = unshare(found.isActive);
  const units = isActive.shape[1];
  const spread = (x: Tensor) =>
    positions === 1
      ? x
      : np.broadcastTo(x.reshape([units / positions, 1]), [units / positions, positions]).reshape([1, units]);
  const isUp = spread(np.greater(found.shift.ref, scalar(0, dtype)));
  const own = extents
    .map((extent, r) => {
      const rows = isActive.ref.slice([r * kinks.length, (r + 1) * kinks.length]);
      return fromActive(extent, kinks, rows, isUp.ref, dtype);
    })
    .reduce((a, b) => a.add(b))
    .reshape([1, units]);
  isUp.dispose();
  // One unit of a channel determines the shift of all.
  const summed = positions === 1 ? own : np.sum(own.reshape([1, units / positions, positions]), -1);
  const isDetermined = np.notEqual(summed.ref, scalar(0, dtype));
  // Also what is not finite, which is no end of an interval.
  const shift = np.where(isDetermined, summed, found.shift);
  isActive.dispose();
  return { shift: spread(shift).reshape([units]), sides: unshare(found.sides) };
}

/** z − lo or a − hi where this region determines the shift, else 0: `[units]`. */
function fromActive(
  extent: Extent,
  kinks: readonly Kink[],
  isActive: Tensor,
  isUp: Tensor,
  dtype: Format,
): Tensor {
  const column = (values: number[]) => tensorOf(values, [kinks.length, 1], dtype);
  const ends = np.where(isUp.ref, column(kinks.map(({ hi }) => hi)), column(kinks.map(({ lo }) => lo)));
  const end = np.sum(np.where(isActive.ref, ends, scalar(0, dtype)), 0);
  return end.sub(extent.extreme(isUp, anyOf(isActive, 0, true)));
}

/** No shift may lie in an open (a − hi, z − lo). */
function intervalsOf(extents: readonly Extent[], kinks: readonly Kink[], dtype: Format): Intervals {
  const rows = (end: (extent: Extent, kink: Kink) => Tensor): Tensor => {
    const all = extents.flatMap(extent => kinks.map(kink => end(extent, kink)));
    return all.length === 1 ? all[0] : np.concatenate(all, 0);
  };
  return {
    below: rows((extent, { lo }) => scalar(lo, dtype).sub(extent.hi())),
    above: rows((extent, { hi }) => scalar(hi, dtype).sub(extent.lo())),
  };
}

/** Units channel by channel, `[constraints, units]`, as core's groups: `[constraints · positions, channels]`. */
function ofChannels(x: Tensor, positions: number): Tensor {
  const [count, units] = x.shape;
  const channels = units / positions;
  return x
    .reshape([count, channels, positions])
    .transpose([0, 2, 1])
    .reshape([count * positions, channels]);
}

/** Its inverse. */
function ofUnits(x: Tensor, positions: number): Tensor {
  const [rows, channels] = x.shape;
  const count = rows / positions;
  return x
    .reshape([count, positions, channels])
    .transpose([0, 2, 1])
    .reshape([count, channels * positions]);
}
