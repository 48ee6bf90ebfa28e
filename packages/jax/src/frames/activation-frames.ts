import { lax, numpy as np } from '@jax-js/jax';
import type { Activation } from '@police/core';
import { scalar, type Tensor } from '../arrays.js';
import { slopeOf } from '../nodes/activate.js';
import type { NodeParams } from '../nodes/node.js';
import { choose } from '../rule/choose.js';
import { intervalsOf, ofChannels, ofUnits, stacked } from '../rule/intervals.js';
import { atOrigin, type RegionFrame } from './start.js';

export type TensorPolicy = 'minimal' | 'majority' | 'sticky';

/** One nonlinearity on the regions. */
export interface Bend {
  readonly activation: Activation;
  readonly params: NodeParams;
  /** Units of each channel that share a shift; 1 where they do not. */
  readonly positions: number;
}

/** What the rule makes of it. */
export interface Straightened {
  /** `[units]`. */
  readonly shift: Tensor;
  /** `[regions · kinks, units]`. */
  readonly sides: Tensor;
  /** `[d + 1, units]` after the nonlinearity. */
  readonly frames: readonly Tensor[];
}

/** Shifts the units off their kinks all over every region: frames `[d + 1, units]` are used up, previous sides are left. */
export function straighten(
  { activation, params, positions }: Bend,
  regions: readonly RegionFrame[],
  frames: readonly Tensor[],
  policy: TensorPolicy,
  previous: Tensor | undefined,
): Straightened {
  const units = frames[0].shape[1];
  const wanted = wantedSides(activation, regions, frames, policy, previous);
  const intervals = intervalsOf(
    frames.map((frame, r) => regions[r].body.extremes(frame.ref)),
    activation.kinks,
  );
  const isShared = positions > 1;
  const share = (x: Tensor) => (isShared ? ofChannels(x, positions) : x);
  const chosen = choose({ below: share(intervals.below), above: share(intervals.above) }, share(wanted));
  const shift = isShared
    ? np.broadcastTo(chosen.shift.reshape([-1, 1]), [units / positions, positions]).reshape([units])
    : chosen.shift;
  const sides = isShared ? ofUnits(chosen.sides, positions) : chosen.sides;
  return {
    shift,
    sides,
    frames: frames.map((frame, r) =>
      onPieces({ activation, params, positions }, regions[r], frame, shift.ref, sides.ref, r),
    ),
  };
}

/** The side wanted of each unit that straddles a kink, 0 for none: `[regions · kinks, units]`. */
function wantedSides(
  { kinks }: Activation,
  regions: readonly RegionFrame[],
  frames: readonly Tensor[],
  policy: TensorPolicy,
  previous: Tensor | undefined,
): Tensor {
  const units = frames[0].shape[1];
  if (policy === 'majority') {
    // A function affine on one side only leaves no choice of side; any threshold will do.
    const middles = kinks.map(({ lo, hi }) => (lo === Number.NEGATIVE_INFINITY ? hi : (lo + hi) / 2));
    const votes = frames.flatMap((frame, r) =>
      middles.map(middle => regions[r].body.majority(lax.stopGradient(frame.ref), middle)),
    );
    return stacked(votes);
  }
  if (policy === 'sticky' && previous) return previous.ref;
  return np.zeros([regions.length * kinks.length, units], { dtype: np.int32 });
}

/** Frame values through the pieces that the sides select: `slope · (h₀ + c) + offset` at the origin, `slope · hᵢ` along directions. */
function onPieces(
  { activation, params }: Bend,
  { origins }: RegionFrame,
  frame: Tensor,
  shift: Tensor,
  sides: Tensor,
  region: number,
): Tensor {
  const { kinks, pieces } = activation;
  const { dtype } = frame;
  const shifted = frame.add(atOrigin(shift, origins(dtype), shift.shape));
  const select = (valueOf: (piece: number) => Tensor): Tensor =>
    kinks.reduce(
      (below, _, k) =>
        np.where(np.greater(sides.ref.slice(region * kinks.length + k), integer(0)), valueOf(k + 1), below),
      valueOf(0),
    );
  const units = frame.shape[1];
  const scaled = shifted.mul(
    select(piece => {
      const slope = slopeOf(activation, params, piece, shifted);
      return slope.ndim > 0 ? slope.reshape([units]) : slope;
    }),
  );
  const y = pieces.every(({ offset }) => offset === 0)
    ? scaled
    : scaled.add(
        atOrigin(
          select(piece => scalar(pieces[piece].offset, dtype)),
          origins(dtype),
          [units],
        ),
      );
  sides.dispose();
  return y;
}

const integer = (value: number): Tensor => np.array(value, { dtype: np.int32 });
