import { type Activation, slopeAt, steepest } from './activation.js';
import type { AffineOperator } from './affine.js';
import { concatColumns, linearCombination, type Matrix, matrix } from './matrix.js';
import type { Windows } from './max.js';
import type { ConcatNode, SumNode } from './network.js';
import { activateFrame } from './police.js';
import { type Arithmetic, float64, sumErrorBound } from './precision.js';
import type { Region } from './regions/region.js';
import { type ForbiddenIntervals, forbiddenIntervals, piecesOn, type Shifts } from './shift.js';
import { type LeadError, type MaxShifts, maxFrame } from './winners.js';

/**
 * Frame values on one region with a bound `[size]` on how far, at any point of the region, a value lies from the true one.
 *
 * The error is what an evaluation of the network in `arithmetic` may differ by from the exact value at that point:
 * float64 bounds the frame values themselves; float32 bounds what a runtime computes.
 */
export interface BoundedFrame {
  readonly values: Matrix;
  readonly error: Float64Array;
}

/** Outweighs the rounding of adding a few bounds. */
export const ROUND_UP: number = 1 + 2 ** -50;

/** A point of the region in exact arithmetic: only its rounded frame coordinates are in error. */
export function regionFrame({ frame, slack }: Region): BoundedFrame {
  return { values: frame, error: slack };
}

/** A layer's frame values before its bias, which may still move. */
export interface LinearPart {
  readonly product: Matrix;
  /** |W| applied to the incoming error bound, `[units]`. */
  readonly carried: Float64Array;
  /** |W| applied to the incoming values' reach, `[units]`. */
  readonly magnitude: Float64Array;
  readonly terms: number;
}

export function linearPart(
  operator: AffineOperator,
  region: Region,
  { values, error }: BoundedFrame,
): LinearPart {
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const reach = region.reach(values);
  return {
    product: operator.linear(values),
    carried: operator.magnitude(row(error)).data,
    // What is multiplied is the computed value, which may be in error.
    magnitude: operator.magnitude(row(reach.map((m, j) => m + error[j]))).data,
    terms: operator.terms,
  };
}

export function addBias(
  { product, carried, magnitude, terms }: LinearPart,
  bias: Float64Array,
  arithmetic: Arithmetic = float64,
): BoundedFrame {
  const values = matrix(product.rows, product.cols, product.data.slice());
  for (let j = 0; j < values.cols; j++) values.data[j] += bias[j];
  // One more term for the bias, one for the sum of the products over the frame's coordinates.
  const error = carried.map(
    (e, j) => (e + sumErrorBound(terms + 2, magnitude[j] + Math.abs(bias[j]), arithmetic)) * ROUND_UP,
  );
  return { values, error };
}

export function addShift(
  region: Region,
  { values, error }: BoundedFrame,
  shift: Float64Array,
  arithmetic: Arithmetic = float64,
): BoundedFrame {
  const moved = matrix(values.rows, values.cols, values.data.slice());
  for (let j = 0; j < moved.cols; j++) moved.data[j] += shift[j];
  const reach = region.reach(values);
  return {
    values: moved,
    error: error.map(
      (e, j) => (e + sumErrorBound(2, reach[j] + e + Math.abs(shift[j]), arithmetic)) * ROUND_UP,
    ),
  };
}

/** A sum or concatenation. */
export function combine(
  node: SumNode | ConcatNode,
  region: Region,
  inputs: readonly BoundedFrame[],
  arithmetic: Arithmetic = float64,
): BoundedFrame {
  const blocks = inputs.map(({ values }) => values);
  const errors = inputs.map(({ error }) => ({ rows: 1, cols: error.length, data: error }));
  if (node.kind === 'concat') return { values: concatColumns(blocks), error: concatColumns(errors).data };
  const sizes = inputs.map((_, i) => Math.abs(node.coefficients ? node.coefficients[i] : 1));
  const carried = linearCombination(errors, sizes).data;
  const reaches = inputs.map(({ values, error }) => ({
    rows: 1,
    cols: error.length,
    data: region.reach(values).map((m, j) => m + error[j]),
  }));
  const magnitude = linearCombination(reaches, sizes).data;
  return {
    values: linearCombination(blocks, node.coefficients),
    error: carried.map((e, j) => (e + sumErrorBound(inputs.length + 2, magnitude[j], arithmetic)) * ROUND_UP),
  };
}

/** Values through the pieces the sides select. A runtime's value may lie across the kink: then the steepest piece counts. */
export function activateBounded(
  activation: Activation,
  region: Region,
  r: number,
  { values, error }: BoundedFrame,
  settled: Shifts,
  arithmetic: Arithmetic = float64,
): BoundedFrame {
  const pieces = piecesOn(r, activation, settled.sides, values.cols);
  const reach = region.reach(values);
  return {
    values: activateFrame(activation, values, settled, r),
    error: error.map((e, j) => {
      const slope =
        arithmetic === float64 ? Math.abs(slopeAt(activation.pieces[pieces[j]], j)) : steepest(activation, j);
      const offset = Math.abs(activation.pieces[pieces[j]].offset);
      return (slope * e + sumErrorBound(4, slope * (reach[j] + e) + offset, arithmetic)) * ROUND_UP;
    }),
  };
}

/** Values through the winners of a maximum. In a runtime any member may come out on top, by no more than its error. */
export function maxBounded(
  windows: Windows,
  region: Region,
  r: number,
  { values, error }: BoundedFrame,
  chosen: MaxShifts,
  arithmetic: Arithmetic = float64,
): BoundedFrame {
  const { offsets, members } = windows;
  const count = chosen.lifts.lift.length;
  const reach = region.reach(values);
  return {
    values: maxFrame(values, chosen, r),
    error: Float64Array.from({ length: count }, (_, w) => {
      const winner = chosen.winners[r * count + w];
      const lift = chosen.lifts.lift[w];
      let e = error[winner];
      if (arithmetic !== float64) {
        for (let m = offsets[w]; m < offsets[w + 1]; m++) e = Math.max(e, error[members[m]]);
      }
      return (e + (lift === 0 ? 0 : sumErrorBound(2, reach[winner] + e + lift, arithmetic))) * ROUND_UP;
    }),
  };
}

/** Extra roundings of a range: for l2 a scaling, squares and a root; for vertices a product and a sum. */
const RANGE_TERMS = 8;

/** The forbidden intervals with the error of the ranges as margin, times `safety`. */
export function boundedIntervals(
  activation: Activation,
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
  safety: number,
): ForbiddenIntervals {
  const ranges = regions.map((region, r) => region.range(frames[r].values));
  const margins = regions.map((region, r) => {
    const reach = region.reach(frames[r].values);
    const terms = region.frame.rows + RANGE_TERMS;
    return frames[r].error.map((e, j) => safety * (e + sumErrorBound(terms, reach[j])) * ROUND_UP);
  });
  return forbiddenIntervals(ranges, activation, margins);
}

/** How much a rival's lead over a winner may be understated, times `safety`. */
export function boundedLeads(
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
  safety: number,
): LeadError {
  const reaches = regions.map((region, r) => region.reach(frames[r].values));
  return (r, rival, winner) => {
    const { error } = frames[r];
    const terms = regions[r].frame.rows + RANGE_TERMS + 1;
    const range = sumErrorBound(terms, reaches[r][rival] + reaches[r][winner]);
    return safety * (error[rival] + error[winner] + range) * ROUND_UP;
  };
}

/** The least clearance of any constraint: at least 0 when every unit is off every kink. */
export function smallestMargin({ below, above }: ForbiddenIntervals): number {
  return below.reduce((least, b, i) => Math.min(least, Math.max(b, -above[i])), Number.POSITIVE_INFINITY);
}
