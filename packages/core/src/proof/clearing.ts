import { PoliceError } from '../errors.js';
import type { FramePropagator } from '../frames/propagator.js';
import { biasOwner } from '../network/fold.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode, NetworkNode } from '../network/nodes.js';
import { type Precision, UNIT_ROUNDOFF } from '../numeric/precision.js';
import { membersOf, sharedIntervals } from '../rule/shared-shift.js';
import { type ForbiddenIntervals, nearestFreeShift } from '../rule/shift.js';
import { type Spared, sparedAt, sparedWindows } from '../rule/spared.js';
import { chooseWinners, type MaxShifts } from '../rule/winners.js';
import type { BoundedFrame, Bounding } from './bounded-frame.js';
import {
  boundedIntervals,
  boundedLeads,
  type Clearance,
  type MarginDemand,
  PROOF,
  smallestMargin,
} from './bounded-intervals.js';
import { addBias, addShift, type BoundedValue } from './bounded-linear.js';

/** What freezing did to one nonlinearity. */
export interface FrozenLayer {
  readonly name: string;
  /** Units whose bias had to move after rounding (of a maximum: windows whose lift did). */
  readonly corrected: number;
  /** The largest such move. */
  readonly largestCorrection: number;
  /**
   * Least distance, over units, regions and kinks, of a pre-activation's range to a kink (of a maximum: least lead of a
   * winner), less the bound on all rounding made in computing it. Never negative: that is the proof. Infinity for a
   * layer without kinks.
   */
  readonly smallestMargin: number;
}

/** The bias that a nonlinearity's shift is folded into, or the shift on the node itself. */
export interface BiasHolder {
  /** Name of the node that has it. */
  readonly owner: string;
  readonly bias: Float64Array;
  /** Units that must move together. */
  readonly groups?: Int32Array;
  /** The pre-activations with the bias, or another; those with the one before are no more. */
  framesWith(bias: Float64Array): readonly BoundedFrame[];
  /** The owner with another bias. */
  replaced(bias: Float64Array): NetworkNode;
}

export function biasHolder(
  net: Network,
  node: ActivationNode,
  boundings: readonly Bounding[],
  { frames, beforeBias }: BoundedValue,
): BiasHolder {
  const owner = biasOwner(net, node);
  if (owner && beforeBias && !node.shift) {
    const { operator } = owner;
    return {
      owner: owner.name,
      bias: operator.bias,
      ...(operator.biasGroups ? { groups: operator.biasGroups } : {}),
      framesWith: bias =>
        bias === operator.bias ? frames : beforeBias.map((part, r) => addBias(boundings[r], part, bias)),
      replaced: bias => ({ ...owner, operator: operator.withBias(bias) }),
    };
  }
  return {
    owner: node.name,
    bias: node.shift ?? new Float64Array(net.sizes.get(node.name)!),
    framesWith: bias =>
      isZero(bias) ? frames : frames.map((frame, r) => addShift(boundings[r], node, frame, bias)),
    replaced: bias => (isZero(bias) ? node : { ...node, shift: bias }),
  };
}

function isZero(values: Float64Array): boolean {
  return values.every(value => value === 0);
}

/**
 * A correction much larger than the pre-activations raises the very bound it was chosen by; a second one, of the size of
 * that bound, settles it. More rounds are for good measure.
 */
const MOST_ROUNDS = 4;

/** What is asked of every nonlinearity: where units are to be clear, in which format and how far, and which are spared. */
export interface Clearing {
  readonly propagators: readonly FramePropagator[];
  readonly precision: Precision;
  readonly clearance: Clearance;
  /** By region. */
  readonly spared?: readonly Spared[] | undefined;
}

/** A bias that keeps every unit off every kink, and what is proved with it. */
interface Cleared {
  readonly bias: Float64Array;
  readonly frames: readonly BoundedFrame[];
  readonly layer: FrozenLayer;
  /** Of the proof, with that bias. */
  readonly intervals: ForbiddenIntervals;
}

/** Moves the bias, where it must, to the nearest representable value that keeps every unit off every kink. */
export function clearKinks(
  { name, activation }: ActivationNode,
  { bias, groups, framesWith }: BiasHolder,
  { propagators, precision, clearance, spared }: Clearing,
): Cleared {
  const spares = sparedAt(spared, name);
  let corrected = bias;
  let frames = framesWith(bias);
  const intervalsOf = (demand: MarginDemand) =>
    boundedIntervals(activation, propagators, frames, demand, spares);
  const isClear = () => smallestMargin(intervalsOf({ safety: 1, clearance })) >= 0;
  for (let round = 0; round < MOST_ROUNDS && !isClear(); round++) {
    // Chosen at twice the bound, so that the check, at the bound itself, survives the correction's own rounding.
    const intervals = intervalsOf({ safety: 2, clearance });
    const from = corrected;
    const corrections = namingLayer(name, () => correctionsFor(intervals, from, precision, groups));
    corrected = from.map((b, j) => precision.round(b + corrections[j]));
    frames = framesWith(corrected);
  }
  const intervals = intervalsOf(PROOF);
  const layer: FrozenLayer = {
    name,
    ...correctionSizes(corrected.map((b, j) => b - bias[j])),
    smallestMargin: smallestMargin(intervals),
  };
  assertCleared(layer, 'every unit clear of its kinks by the rounding bound');
  return { bias: corrected, frames, layer, intervals };
}

/** Adds the layer's name to an error about one of its units. */
function namingLayer<T>(name: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    const { code, where, expected, actual, remedy } = error;
    throw new PoliceError({ code, where: `${name} ${where}`, expected, actual, remedy, cause: error });
  }
}

function correctionsFor(
  intervals: ForbiddenIntervals,
  bias: Float64Array,
  precision: Precision,
  groups?: Int32Array,
): Float64Array {
  if (intervals.count === 0) return new Float64Array(bias.length);
  const correction = (from: ForbiddenIntervals, unit: number, b: number) =>
    nearestFreeShift(from, unit, (c, direction) => {
      // A little outward: rounding b + c must not bring the candidate back into the interval that c leaves.
      const target = b + c + direction * 4 * UNIT_ROUNDOFF * (Math.abs(b) + Math.abs(c));
      return (direction > 0 ? precision.up(target) : precision.down(target)) - b;
    });
  if (!groups) return bias.map((b, j) => correction(intervals, j, b));
  const shared = sharedIntervals(intervals, groups);
  const byGroup = membersOf(groups).map((units, group) => correction(shared, group, bias[units[0]]));
  return Float64Array.from(groups, group => byGroup[group]);
}

/**
 * Windows that need no lift for the proof, each region having a winner of its own, stay without one: a lift lets one entry win on all
 * regions, which would move outputs by far more than the rounding of the runtime that it was to keep clear of.
 */
function withoutDetours(proven: MaxShifts, raised: MaxShifts): MaxShifts {
  const { winner, lift } = proven.lifts;
  const regions = proven.winners.length / winner.length;
  const isSplit = (w: number): boolean =>
    Array.from({ length: regions }, (_, r) => proven.winners[r * winner.length + w]).some(
      each => each !== proven.winners[w],
    );
  const kept = winner.map((entry, w) => Number(entry < 0 && isSplit(w)));
  return {
    ...raised,
    lifts: {
      winner: raised.lifts.winner.map((entry, w) => (kept[w] ? winner[w] : entry)),
      lift: raised.lifts.lift.map((value, w) => (kept[w] ? lift[w] : value)),
    },
  };
}

/** Raises lifts, where it must, to the next representable value at which the winner wins for certain. */
export function clearRivals(
  node: MaxNode,
  frames: readonly BoundedFrame[],
  { propagators, precision, clearance, spared }: Clearing,
): { lifted: MaxNode; chosen: MaxShifts; layer: FrozenLayer } {
  const pairs = propagators.map((propagator, r) => propagator.leads(node, frames[r].values));
  const spares = sparedWindows(spared, node.name);
  const present = { ...(node.lifts ? { lifts: node.lifts } : {}), ...spares };
  const leadError = boundedLeads(propagators, frames, PROOF);
  const proven = chooseWinners(node.windows, pairs, { ...present, leadError });
  const raisedAt = (safety: number) =>
    withoutDetours(
      proven,
      chooseWinners(node.windows, pairs, {
        ...present,
        leadError: boundedLeads(propagators, frames, { safety, clearance }),
        snap: precision.up,
      }),
    );
  // Raised, where one must be, by a multiple of the bound: a file may hold lifts as additions before the maximum, which round once
  // more, and what is read from it need not be raised again.
  const least = raisedAt(1);
  const isAhead = least.lifts.lift.every((lift, w) => lift === (node.lifts ? node.lifts.lift[w] : 0));
  const raised = isAhead ? least : raisedAt(4);
  const chosen = chooseWinners(node.windows, pairs, {
    lifts: raised.lifts,
    leadError,
    ...spares,
  });
  const before = node.lifts;
  const layer: FrozenLayer = {
    name: node.name,
    ...correctionSizes(raised.lifts.lift.map((lift, w) => lift - (before ? before.lift[w] : 0))),
    smallestMargin: chosen.clearance.reduce((least, c) => Math.min(least, c), Number.POSITIVE_INFINITY),
  };
  assertCleared(layer, 'every winner ahead by the rounding bound');
  const isLifted = chosen.lifts.winner.some(winner => winner >= 0);
  return { lifted: isLifted ? { ...node, lifts: chosen.lifts } : node, chosen, layer };
}

function correctionSizes(corrections: Float64Array): Pick<FrozenLayer, 'corrected' | 'largestCorrection'> {
  return {
    corrected: corrections.reduce((n, c) => n + Number(c !== 0), 0),
    largestCorrection: corrections.reduce((max, c) => Math.max(max, Math.abs(c)), 0),
  };
}

function assertCleared({ name, smallestMargin: margin }: FrozenLayer, expected: string): void {
  if (margin >= 0) return;
  throw new PoliceError({
    code: 'no-free-shift',
    where: name,
    expected,
    actual: `a margin of ${margin}`,
    remedy: 'The weights are too large for their format on this region: scale them down.',
  });
}
