import type { Kink } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { PreActivations } from '../frames/shift-op.js';
import { type BiasSharing, sizeOf } from '../graph/node.js';
import { offTape } from '../ops/off-tape.js';
import { withSaved } from '../ops/with-saved.js';
import { chooseOnDevice, type DeviceShifts, HUGE } from './choose.js';
import { type DeviceConstants, originColumn } from './constants.js';
import type { DeviceBody } from './device-body.js';
import { blocksOf, flat, joined, originRows, shaped } from './frame-rows.js';
import { type Groups, groupsOf } from './groups.js';
import { type DevicePieces, offsetsOnDevice, type PieceLayout, slopesOnDevice } from './pieces.js';
import { select } from './select.js';

/** What has a form on the device: policies that ask nobody. */
export type DevicePolicy = 'minimal' | 'majority' | 'sticky';

/** One activation and what its pass adds. */
export interface DeviceShiftStep {
  readonly policy: DevicePolicy;
  readonly kinks: readonly Kink[];
  readonly pieces: DevicePieces;
  readonly sharing?: BiasSharing | undefined;
  /** One per region. */
  readonly bodies: readonly DeviceBody[];
  /** Rows of each region's frame. */
  readonly rows: readonly number[];
  /** Sides of the last step, `[regions × kinks, units]`: 1, −1, or 0 for none. */
  readonly previous: tf.Tensor2D;
  /** Whether nobody asks for the frames after it. */
  readonly isLast: boolean;
  /** Whether nobody asks for their gradient. */
  readonly isDetached?: boolean;
  readonly constants: DeviceConstants;
}

export interface DeviceShifted {
  /** As `shiftOp` gives it. */
  readonly c: tf.Tensor;
  /** `[regions × kinks, units]`, 1 or −1. */
  readonly sides: tf.Tensor2D;
  readonly frames?: tf.Tensor | undefined;
}

/**
 * `shiftOp` in operations on the device: the same rule, in float32, with nothing read and nothing uploaded. Numbers that are no more finite are
 * handed on: see `FiniteCheck`.
 */
export function shiftOnDevice(h: PreActivations, step: DeviceShiftStep): DeviceShifted {
  const { shape } = h.frames;
  const groups = groupsOf(sizeOf(shape.slice(1)), step.sharing);
  const layout = { rows: step.rows, kinks: step.kinks.length };
  const [sides, c, side, y, slopes, isAbove] = offTape(() => {
    const blocks = blocksOf(h.frames, step.rows);
    const origins = originsOf(blocks, h);
    const shifts = shiftsOf(blocks, origins, groups, step);
    const all = (value: number) => step.constants.filled(shifts.isAbove.shape, value);
    const ofGroups = select(shifts.isAbove, all(1), all(-1));
    const signs = groups.spread(ofGroups);
    // Numbers are spread, and bool made anew: see `indicator`.
    const above =
      signs === ofGroups ? shifts.isAbove : (tf.greater(signs, step.constants.filled([], 0)) as tf.Tensor2D);
    const found = shaped(shifts.c, [...(step.sharing?.shape ?? shape.slice(1))]);
    if (step.isLast) return [signs, found, shifts.side];
    const slopes = slopesOnDevice(above, step.pieces, layout, step.constants, h.alpha);
    const y = activatedFrames(h, found, above, slopes, layout, step);
    return [signs, found, shifts.side, y, slopes, ...(h.alpha ? [above] : [])];
  });
  const { frames, bias, alpha } = h;
  const inputs = { frames, ...(bias ? { bias } : {}), ...(alpha ? { alpha } : {}) };
  const saved = {
    ...(h.alpha ? { c } : {}),
    side,
    ...(slopes ? { slopes } : {}),
    ...(isAbove ? { isAbove } : {}),
  };
  // An unused result's gradient would be zeros, uploaded.
  const results = withSaved(inputs, saved, y && !step.isDetached ? [c, y] : [c], ([dc, dActivated], kept) =>
    shiftAdjoint(kept as Kept, dc, dActivated, groups, layout, step),
  );
  return { c: results[0], sides: sides as tf.Tensor2D, frames: results[1] ?? y };
}

/** Pre-activations at each region's origin, `[1, units]`. */
function originsOf(blocks: readonly tf.Tensor2D[], { frames, bias }: PreActivations): tf.Tensor2D[] {
  return blocks.map(block => {
    const origin = tf.slice(block, [0, 0], [1, -1]);
    if (!bias) return origin;
    const shape = [1, ...frames.shape.slice(1)];
    return shaped(tf.add(shaped(origin, shape), bias), origin.shape) as tf.Tensor2D;
  });
}

function shiftsOf(
  blocks: readonly tf.Tensor2D[],
  origins: readonly tf.Tensor2D[],
  groups: Groups,
  { kinks, bodies, constants, ...step }: DeviceShiftStep,
): DeviceShifts {
  const reaches = bodies.map((body, r) => body.reach(blocks[r]));
  const over = kinks.map(({ hi }) => hi);
  const under = kinks.map(({ lo }) => Math.max(lo, -HUGE));
  const perRegion = (value: (r: number) => tf.Tensor2D): tf.Tensor2D =>
    joined(bodies.map((_, r) => value(r)));
  const intervals = {
    above: groups.gather(perRegion(r => tf.sub(reaches[r].down, beyond(origins[r], over, constants)))),
    minusBelow: groups.gather(perRegion(r => tf.add(reaches[r].up, beyond(origins[r], under, constants)))),
  };
  return chooseOnDevice(intervals, wishOf(), constants);

  /** A function affine on one side only leaves no choice. */
  function wishOf(): tf.Tensor2D | undefined {
    if (kinks.some(({ lo }) => lo === Number.NEGATIVE_INFINITY))
      return constants.filled(intervals.above.shape, 1) as tf.Tensor2D;
    if (step.policy === 'minimal') return undefined;
    if (step.policy === 'sticky') return groups.gather(step.previous);
    const middle = kinks.map(({ lo, hi }) => (lo + hi) / 2);
    const votes = perRegion(r => bodies[r].vote(blocks[r], beyond(origins[r], middle, constants)));
    const ofShape = (value: number) => constants.filled(votes.shape, value);
    const isFor = tf.greaterEqual(votes, constants.filled([], 0));
    return groups.gather(tf.where(isFor, ofShape(1), ofShape(-1)));
  }
}

/** How far x `[1, units]` lies above each of some numbers, `[numbers, units]`. */
function beyond(x: tf.Tensor2D, numbers: readonly number[], constants: DeviceConstants): tf.Tensor2D {
  if (numbers.length === 1 && numbers[0] === 0) return x;
  return tf.sub(
    x,
    constants.rows(`numbers ${numbers}`, numbers.length, () => numbers),
  );
}

/** With the bias and the shift on the origins. */
function shiftedFrames({ frames, bias }: PreActivations, c: tf.Tensor, { rows, constants }: DeviceShiftStep) {
  const added = bias ? tf.add(bias, c) : c;
  return tf.add(frames, tf.mul(originColumn(rows, frames.rank, constants), added));
}

function activatedFrames(
  h: PreActivations,
  c: tf.Tensor,
  isAbove: tf.Tensor2D,
  slopes: tf.Tensor2D,
  layout: PieceLayout,
  step: DeviceShiftStep,
): tf.Tensor {
  const { pieces, constants } = step;
  const shifted = shiftedFrames(h, c, step);
  const y = tf.mul(flat(shifted), slopes);
  const offsets = offsetsOnDevice(isAbove, pieces, layout, constants);
  return shaped(offsets ? tf.add(y, offsets) : y, shifted.shape);
}

interface Kept {
  readonly [name: string]: tf.Tensor;
  readonly frames: tf.Tensor;
  readonly side: tf.Tensor2D;
  /** Unless it is the last activation. */
  readonly slopes: tf.Tensor2D;
  /** Of PReLU. */
  readonly c: tf.Tensor;
  readonly isAbove: tf.Tensor2D;
}

/** Core's `activateFrameAdjoint`: from dLoss/dc, and dLoss/dy of the activated frames where there are some. */
function shiftAdjoint(
  kept: Kept,
  dc: tf.Tensor,
  dActivated: tf.Tensor | undefined,
  groups: Groups,
  layout: PieceLayout,
  step: DeviceShiftStep,
): Record<string, tf.Tensor> {
  const { frames, bias, alpha, c, side, slopes, isAbove } = kept;
  const { bodies, rows, constants } = step;
  return tf.tidy(() => {
    let dShift = shaped(dc, [1, groups.count]) as tf.Tensor2D;
    let passed: tf.Tensor2D | undefined;
    if (dActivated) {
      passed = tf.mul(flat(dActivated), slopes) as tf.Tensor2D;
      dShift = tf.add(dShift, groups.sum(originRows(passed, rows, constants)));
    }
    // dc/dh = −(coordinates of the extreme): of the largest value, side 1, and of the least, side −1.
    const pull = tf.mul(side, dShift);
    const [sides, pulls] = [groups.spread(side), groups.spread(pull)].map(each =>
      perRegion(each, rows.length),
    );
    const blocks = blocksOf(frames, rows);
    const pulled = joined(bodies.map((body, r) => body.extremes(blocks[r], sides[r], pulls[r])));
    const dFrames = passed ? tf.sub(passed, pulled) : tf.neg(pulled);
    return {
      frames: shaped(dFrames, frames.shape),
      ...(bias ? { bias: biasAdjoint(dFrames as tf.Tensor2D, bias.shape, frames.shape, step) } : {}),
      ...(alpha
        ? {
            alpha: alphaAdjoint(shiftedFrames(kept, c, step), dActivated, isAbove, alpha.shape, layout, step),
          }
        : {}),
    };
  });
}

/** What several kinks have of each region, `[1, units]`: at most one of them has anything. */
function perRegion(perConstraint: tf.Tensor2D, regions: number): tf.Tensor2D[] {
  const [constraints] = perConstraint.shape;
  if (constraints === 1) return [perConstraint];
  const parts: tf.Tensor2D[] = regions === 1 ? [perConstraint] : tf.split(perConstraint, regions);
  return constraints === regions ? parts : parts.map(part => tf.sum(part, 0, true) as tf.Tensor2D);
}

/** The bias is in the origins' rows, of all units that share it. */
function biasAdjoint(
  dFrames: tf.Tensor2D,
  shape: readonly number[],
  framesShape: readonly number[],
  { rows, constants }: DeviceShiftStep,
): tf.Tensor {
  const origins = shaped(originRows(dFrames, rows, constants), framesShape.slice(1));
  // The axes that the bias spreads along.
  const [, ...units] = framesShape;
  const wide = [...new Array<number>(units.length - shape.length).fill(1), ...shape];
  const axes = units.map((_, axis) => axis).filter(axis => wide[axis] !== units[axis]);
  return shaped(axes.length > 0 ? tf.sum(origins, axes, true) : origins, [...shape]);
}

/** Of the units on their leftmost piece. */
function alphaAdjoint(
  shifted: tf.Tensor,
  dActivated: tf.Tensor | undefined,
  isAbove: tf.Tensor2D,
  shape: readonly number[],
  layout: PieceLayout,
  { constants }: DeviceShiftStep,
): tf.Tensor {
  if (!dActivated) return constants.filled(shape, 0).clone();
  const isFirst = slopesOnDevice(isAbove, { slopes: [1, 0], offsets: [] }, layout, constants, undefined);
  const products = tf.mul(flat(tf.mul(dActivated, shifted)), isFirst);
  return shaped(tf.sum(products, 0), [...shape]);
}
