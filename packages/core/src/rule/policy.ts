import { PoliceError } from '../errors.js';
import type { Activation } from '../network/activation.js';
import type { Matrix } from '../numeric/matrix.js';
import type { FrameReader } from '../regions/region.js';
import { type Range, valuesAt } from '../regions/region.js';

/** What a policy may look at to choose the side of one unit that straddles a kink on a region. */
export interface StraddlingUnit {
  readonly unit: number;
  readonly region: number;
  readonly kink: number;
  /** Extremes of the pre-activation over the region. */
  readonly lo: number;
  readonly hi: number;
  /**
   * Share of vertices above the kink less the share below, in [−1, 1]; for a box, ball or cross-polytope, whose
   * vertices are never listed, the sign at the centre.
   */
  readonly votes: number;
  /** Pre-activation at the region's centre, less the kink. */
  readonly centre: number;
  readonly symmetric: boolean;
}

/** Chooses the side, +1 above the kink or −1 below, of a unit that straddles it. */
export type PolicyFunction = (unit: StraddlingUnit) => 1 | -1;

/**
 * How to choose among the shifts that work:
 * - `minimal`: the one nearest 0 (of two equally near, the positive one), the least any bias-only method can do;
 * - `majority`: the paper's, the side on which more vertices lie (a vertex on the kink abstains); a tie goes to
 *   the centre's side for a region symmetric about its centre, else to +1;
 * - `sticky`: the side the unit had before; at the start, and where kept sides contradict each other, `minimal`;
 * - a function: your own vote.
 *
 * Where the sides of several constraints cannot all be had, `minimal` decides.
 */
export type Policy = 'minimal' | 'majority' | 'sticky' | PolicyFunction;

/** The majority vote of the paper's Algorithm 1 with the tie rule of {@link Policy}. */
export const majority: PolicyFunction = ({ votes, symmetric, centre }) => {
  if (votes !== 0) return votes > 0 ? 1 : -1;
  return symmetric && centre < 0 ? -1 : 1;
};

/**
 * The side wish of a policy for one layer: what {@link chooseShifts} asks for straddling units.
 *
 * `frames` are the regions' frame values of the pre-activations, `ranges` their ranges, `previous` the sides of the
 * last call (`sticky` only).
 */
export function sideWish(
  policy: Policy,
  regions: readonly FrameReader[],
  frames: readonly Matrix[],
  ranges: readonly Range[],
  { kinks }: Activation,
  previous?: ArrayLike<number>,
): (constraint: number, unit: number) => number {
  if (policy === 'minimal') return () => 0;
  const units = ranges[0]?.lo.length ?? 0;
  if (policy === 'sticky') return (constraint, unit) => previous?.[constraint * units + unit] ?? 0;
  const vote = policy === 'majority' ? majority : policy;
  // A function affine on one side only leaves no choice of side; any threshold will do.
  const middle = kinks.map(({ lo, hi }) => (lo === Number.NEGATIVE_INFINITY ? hi : (lo + hi) / 2));
  const votes = regions.flatMap((region, r) => middle.map(threshold => region.votes(frames[r], threshold)));
  const centres = regions.map((region, r) => valuesAt(frames[r], region.centre));
  return (constraint, unit) => {
    const region = Math.floor(constraint / kinks.length);
    const kink = constraint % kinks.length;
    return vote({
      unit,
      region,
      kink,
      lo: ranges[region].lo[unit],
      hi: ranges[region].hi[unit],
      votes: votes[constraint][unit],
      centre: centres[region][unit] - middle[kink],
      symmetric: regions[region].symmetric,
    });
  };
}

/** Throws `invalid-option` for a policy that is none. */
export function assertPolicy(policy: unknown): asserts policy is Policy {
  if (typeof policy === 'function' || ['minimal', 'majority', 'sticky'].includes(policy as string)) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'policy',
    expected: "'minimal', 'majority', 'sticky' or a function",
    actual: JSON.stringify(policy) ?? 'undefined',
  });
}

/** Throws `invalid-option` for a margin that is no finite number from 0 up. */
export function assertMargin(margin: number): void {
  if (Number.isFinite(margin) && margin >= 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'margin',
    expected: 'a finite number from 0 up',
    actual: `${margin}`,
  });
}
