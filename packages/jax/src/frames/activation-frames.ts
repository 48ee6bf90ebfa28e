import { lax, numpy as np } from '@jax-js/jax';
import type { Activation } from '@police/core';
import { type Format, scalar, type Tensor } from '../arrays.js';
import { slopeOf } from '../nodes/activate.js';
import type { NodeParams } from '../nodes/node.js';
import { integer } from '../rule/body.js';
import { shiftOf } from '../rule/shift.js';
import type { RegionFrame } from './start.js';

/** The policies that tensor operations can follow: a function of units would have to read them back. */
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
  const { kinks } = activation;
  const dtype = frames[0].dtype as Format;
  const wanted = wantedSides(activation, regions, frames, policy, previous);
  const extents = frames.map((frame, r) => regions[r].body.extent(frame.ref));
  const { shift, sides } = shiftOf(extents, kinks, wanted, dtype, positions);
  for (const extent of extents) extent.dispose();
  const after = frames.map((frame, r) => {
    const own = sides.ref.slice([r * kinks.length, (r + 1) * kinks.length]);
    return onPieces(activation, params, regions[r], frame, shift, own);
  });
  return { shift, sides, frames: after };
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
    return votes.length === 1 ? votes[0] : np.concatenate(votes, 0);
  }
  if (policy === 'sticky' && previous) return previous.ref;
  return np.zeros([regions.length * kinks.length, units], { dtype: np.int32 });
}

/** Frame values through the pieces that sides `[kinks, units]` select: `slope · (h + c) + offset` at points, `slope · h` along directions. */
function onPieces(
  activation: Activation,
  params: NodeParams,
  region: RegionFrame,
  frame: Tensor,
  shift: Tensor,
  sides: Tensor,
): Tensor {
  const { kinks, pieces } = activation;
  const { dtype } = frame;
  const select = (ofPiece: (piece: number) => Tensor): Tensor =>
    kinks.reduce(
      (below, _, k) => np.where(np.greater(sides.ref.slice([k, k + 1]), integer(0)), ofPiece(k + 1), below),
      ofPiece(0),
    );
  const shifted = frame.add(region.added(shift.ref, 1));
  const scaled = shifted.mul(
    select(piece => {
      const slope = slopeOf(activation, params, piece, frame);
      return slope.ndim > 0 ? slope.reshape([1, -1]) : slope;
    }),
  );
  const y = pieces.every(({ offset }) => offset === 0)
    ? scaled
    : scaled.add(
        region.added(
          select(piece => scalar(pieces[piece].offset, dtype)),
          1,
        ),
      );
  sides.dispose();
  return y;
}
