import { approximationErrors } from '../frames/approximation-error.js';
import { checkedFrame, fixSlopes, fixWinners } from '../frames/policed-pass.js';
import type { FramePropagator } from '../frames/propagator.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, AffineNode, MaxNode, NetworkNode } from '../network/nodes.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { type Progress, type Rules, walkToEnd } from '../network/walk.js';
import type { AffinePieces } from '../rule/pieces.js';
import type { Shifts } from '../rule/shift.js';
import type { MaxShifts } from '../rule/winners.js';
import type { BoundedFrame, Bounding } from './bounded-frame.js';
import {
  addBias,
  type BoundedValue,
  concatBounded,
  linearPart,
  regionFrame,
  sumBounded,
} from './bounded-linear.js';
import { activateBounded, maxBounded } from './bounded-pieces.js';
import { RuntimeRounding } from './runtime-rounding.js';
import { doubtfulUnits, sharpened, tamed } from './sharpened.js';

/** How the pieces of an activation are found, and what it then acts on. */
export interface BoundedPieces {
  /** The pre-activations, shifts included. */
  readonly frames: readonly BoundedFrame[];
  readonly shifts: Shifts;
  /** Distance `[units]` of each range from the nearest kink, one per region. @defaultValue 0 */
  readonly clearances?: readonly Float64Array[];
}

/** What is done at the nonlinearities: `freeze` moves biases until every unit is clear of its kinks, `certify` proves it. */
export interface NonlinearityRule {
  activation(node: ActivationNode, input: BoundedValue, boundings: readonly Bounding[]): BoundedPieces;
  max(node: MaxNode, frames: readonly BoundedFrame[]): MaxShifts;
}

/** Where a bounded pass ended. */
export interface BoundedOutput {
  readonly frames: readonly BoundedFrame[];
  readonly pieces: AffinePieces;
  /** What a runtime rounds, by region. */
  readonly rounding: readonly RuntimeRounding[];
}

/**
 * Carries the frames of all regions through a network with bounds on all rounding: in the frame values themselves, which proofs rest
 * on, and in a float32 runtime. Throws `not-finite`.
 */
export function boundedPass(
  net: Network,
  propagators: readonly FramePropagator[],
  rule: NonlinearityRule,
  progress?: Progress,
): BoundedOutput {
  const layers = new Map<string, { readonly shifts: Shifts }>();
  const maxima = new Map<string, MaxShifts>();
  const pieces = { layers, maxima };
  const boundings = propagators.map(
    (propagator, r): Bounding => ({
      propagator,
      approximation: approximationErrors(pieces, r),
      rounding: new RuntimeRounding(net, pieces, r, propagator.region.frame.rows),
    }),
  );
  const each = (node: NetworkNode, step: (bounding: Bounding, r: number) => BoundedFrame): BoundedValue => {
    const frames = boundings.map(step);
    for (const { values } of frames) checkedFrame(node.name, values);
    return { frames };
  };
  const rules: Rules<BoundedValue> = {
    ...UNRESOLVED,
    input: node => each(node, bounding => regionFrame(bounding, node)),
    affine: (node, [{ frames }]) => tamed(node, affineBounded(node, frames, boundings, each), boundings),
    sum: (node, inputs) =>
      tamed(
        node,
        each(node, (bounding, r) => sumBounded(bounding, node, inputs.map(on(r)))),
        boundings,
      ),
    concat: (node, inputs) => each(node, (bounding, r) => concatBounded(bounding, node, inputs.map(on(r)))),
    activation: (node, [input]) => {
      const known = sharpened(node.input, input, boundings, (bounding, frame) =>
        doubtfulUnits(bounding, node, frame),
      );
      const { frames, shifts, clearances } = rule.activation(node, known, boundings);
      layers.set(node.name, { shifts });
      fixSlopes(node, propagators, shifts);
      return each(node, (bounding, r) =>
        activateBounded(bounding, r, node, frames[r], shifts, clearances?.[r]),
      );
    },
    max: (node, [input]) => {
      const { frames } = sharpened(node.input, input, boundings);
      const winners = rule.max(node, frames);
      maxima.set(node.name, winners);
      fixWinners(node, propagators, winners);
      return each(node, (bounding, r) => maxBounded(bounding, r, node, frames[r], winners));
    },
  };
  const { frames } = sharpened(net.nodes.at(-1)!.name, walkToEnd(net, rules, progress), boundings);
  return { frames, pieces, rounding: boundings.map(({ rounding }) => rounding) };
}

const on = (r: number) => (value: BoundedValue) => value.frames[r];

function affineBounded(
  node: AffineNode,
  frames: readonly BoundedFrame[],
  boundings: readonly Bounding[],
  each: (node: NetworkNode, step: (bounding: Bounding, r: number) => BoundedFrame) => BoundedValue,
): BoundedValue {
  const beforeBias = boundings.map((bounding, r) => linearPart(bounding, node, frames[r]));
  const { bias } = node.operator;
  return { ...each(node, (bounding, r) => addBias(bounding, beforeBias[r], bias)), beforeBias };
}
