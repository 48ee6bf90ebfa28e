import { activateFrame } from '../frames/policed-pass.js';
import { type Piece, slopeAt, steepness } from '../network/activation.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import { float32, sumErrorBound } from '../numeric/precision.js';
import { piecesOn, slopesOn } from '../rule/pieces.js';
import type { Shifts } from '../rule/shift.js';
import { type MaxShifts, maxFrame, winnersOn } from '../rule/winners.js';
import {
  type BoundedFrame,
  type Bounding,
  type ErrorOf,
  errorsAt,
  errorsOf,
  ROUND_UP,
  RUNTIME,
  reachesOf,
} from './bounded-frame.js';

/**
 * A runtime's own exponentials and error functions are taken to err by at most this, times 1 + |x|: about eight units in
 * the last place of float32. No standard promises it.
 */
export const SMOOTH_FUNCTION_ERROR: number = 2 ** -20;

/**
 * Values through the pieces the sides select. A runtime's value may be in error by more than its `clearance` `[units]`
 * from the kinks; what lies across bends by no more than the steepest piece and its own together, and never errs by more than the
 * steepest piece times all of the error.
 */
export function activateBounded(
  bounding: Bounding,
  r: number,
  node: ActivationNode,
  frame: BoundedFrame,
  shifts: Shifts,
  clearance?: Float64Array,
): BoundedFrame {
  const { values, errors, shiftRounding } = frame;
  const { activation } = node;
  const { cols } = values;
  const pieces = piecesOn(r, activation, shifts.sides, cols);
  const slopes = slopesOn(activation, shifts.sides, r, cols);
  for (let j = 0; j < cols; j++) slopes[j] = Math.abs(slopes[j]);
  const steepestOf = steepness(activation);
  const reaches = reachesOf(bounding, frame).data;
  /** What a runtime's error beyond the clearance may bend. */
  const bent = slopes.map((slope, j) => {
    const e = errors.data[RUNTIME * cols + j];
    const largest = steepestOf(j);
    const across = Math.max(0, e - (clearance ? clearance[j] : 0));
    return Math.min((largest - slope) * e, (largest + slope) * across);
  });
  const isSmooth = activation.approximationError !== undefined;
  const error: ErrorOf = {
    carried: (row, j) => slopes[j] * errors.data[row * cols + j],
    made: (arithmetic, row, j) => {
      const { offset } = activation.pieces[pieces[j]];
      const isRuntime = row === RUNTIME;
      const bend = isRuntime ? bent[j] : 0;
      // A constant piece is exact, and so is the identity.
      if (bend === 0 && !isSmooth && (slopes[j] === 0 || isIdentity(activation.pieces[pieces[j]], j)))
        return 0;
      const largest = isRuntime ? steepestOf(j) : slopes[j];
      const reach = reaches[row * cols + j];
      const evaluation = isSmooth && isRuntime ? SMOOTH_FUNCTION_ERROR * (1 + reach) : 0;
      return bend + evaluation + sumErrorBound(4, largest * reach + Math.abs(offset), arithmetic);
    },
  };
  const made = slopes.map((_, j) => error.made(float32, RUNTIME, j));
  bounding.rounding.record(
    node.name,
    shiftRounding ? made.map((e, j) => (e + slopes[j] * shiftRounding[j]) * ROUND_UP) : made,
  );
  return {
    values: activateFrame(activation, values, shifts, r),
    approximationError: bounding.approximation.activation(node, [frame.approximationError]),
    errors: errorsOf(cols, error),
    coarse: frame.coarse.map((e, j) => (slopes[j] * e + made[j]) * ROUND_UP),
  };
}

const isIdentity = (piece: Piece, unit: number): boolean => slopeAt(piece, unit) === 1 && piece.offset === 0;

/**
 * Values through the winners of a maximum. In a runtime another member may come out on top where the winner's lead, its
 * `clearance` `[windows]`, is less than both their errors, and by no more than what is missing.
 */
export function maxBounded(
  bounding: Bounding,
  r: number,
  node: MaxNode,
  frame: BoundedFrame,
  chosen: MaxShifts,
): BoundedFrame {
  const { offsets, members } = node.windows;
  const { lift } = chosen.lifts;
  const size = frame.values.cols;
  const winners = winnersOn(chosen, r);
  const reaches = reachesOf(bounding, frame).data;
  const error = (row: number, unit: number) => frame.errors.data[row * size + unit];
  const overtaken = lift.map((_, w) => {
    let most = 0;
    for (let m = offsets[w]; m < offsets[w + 1]; m++)
      if (members[m] !== winners[w]) most = Math.max(most, error(RUNTIME, members[m]));
    const missing = most + error(RUNTIME, winners[w]) - Math.max(0, chosen.clearance[w]);
    return most > 0 ? Math.max(0, missing) : 0;
  });
  return {
    values: maxFrame(frame.values, chosen, r),
    approximationError: bounding.approximation.max(node, [frame.approximationError]),
    ...errorsAt(
      bounding,
      node.name,
      Float64Array.from(winners, winner => frame.coarse[winner]),
      {
        carried: (row, w) => error(row, winners[w]),
        made: (arithmetic, row, w) =>
          (row === RUNTIME ? overtaken[w] : 0) +
          (lift[w] === 0 ? 0 : sumErrorBound(2, reaches[row * size + winners[w]] + lift[w], arithmetic)),
      },
    ),
  };
}
