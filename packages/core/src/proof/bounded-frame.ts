import { activateFrame } from '../frames/policed-pass.js';
import type { FramePropagator } from '../frames/propagator.js';
import { slopeAt, steepest } from '../network/activation.js';
import type { ActivationNode, AffineNode, ConcatNode, MaxNode, SumNode } from '../network/nodes.js';
import type { Rules } from '../network/walk.js';
import { concatColumns, linearCombination, type Matrix, matrix, stackRows } from '../numeric/matrix.js';
import { type Arithmetic, float64, sumErrorBound } from '../numeric/precision.js';
import { piecesOn } from '../rule/pieces.js';
import type { Shifts } from '../rule/shift.js';
import { type MaxShifts, maxFrame } from '../rule/winners.js';

/**
 * Frame values on one region with bounds on how far, at any point of the region, a value lies from the true one.
 *
 * An error is what rounding in some arithmetic may change: float64's bounds the frame values themselves against the affine
 * function they stand for, float32's what a runtime computes against the network's exact value.
 */
export interface BoundedFrame {
  readonly values: Matrix;
  /** `[arithmetics, size]`. */
  readonly errors: Matrix;
  /** Bound `[size]` on the distance of the network from that affine function: 0 but for smooth activations. */
  readonly approximationError: Float64Array;
}

/** Outweighs the rounding of adding a few bounds. */
export const ROUND_UP: number = 1 + 2 ** -50;

/** How many frame values are carried and what errors are kept of them: float64's first. */
export interface Bounding {
  readonly propagator: FramePropagator;
  readonly arithmetics: readonly Arithmetic[];
  /** See {@link approximationErrors}, of this region. */
  readonly approximation: Rules<Float64Array>;
}

/** The errors of every arithmetic, each from its number and the unit. */
function errorsOf(
  { arithmetics }: Bounding,
  size: number,
  error: (arithmetic: Arithmetic, unit: number, a: number) => number,
): Matrix {
  const errors = matrix(arithmetics.length, size);
  arithmetics.forEach((arithmetic, a) => {
    for (let j = 0; j < size; j++) errors.data[a * size + j] = error(arithmetic, j, a) * ROUND_UP;
  });
  return errors;
}

/** Points of the region: exact arithmetic errs in rounded frame coordinates, a runtime rounds to its own format too. */
export function regionFrame(bounding: Bounding): BoundedFrame {
  const { region, reader } = bounding.propagator;
  const values = bounding.propagator.start();
  const reach = reader.reach(values);
  const errors = errorsOf(bounding, region.size, (arithmetic, j) =>
    arithmetic === float64
      ? region.slack[j]
      : region.slack[j] + sumErrorBound(1, reach[j] + region.slack[j], arithmetic),
  );
  return { values, errors, approximationError: new Float64Array(region.size) };
}

/** A layer's frame values before its bias, which may still move. */
export interface LinearPart {
  readonly product: Matrix;
  /** |W| applied to the incoming error bounds, `[arithmetics, units]`. */
  readonly carried: Matrix;
  /** |W| applied to the incoming values' reach, error included, `[arithmetics, units]`. */
  readonly magnitude: Matrix;
  readonly approximationError: Float64Array;
  readonly terms: number;
}

export function linearPart(bounding: Bounding, node: AffineNode, input: BoundedFrame): LinearPart {
  const { operator } = node;
  const { errors } = input;
  const reaches = reachesOf(bounding, input);
  const through = operator.magnitude(stackRows([errors, reaches], errors.cols));
  return {
    product: bounding.propagator.linear(node, [input.values]),
    carried: { ...through, rows: errors.rows, data: through.data.subarray(0, errors.rows * through.cols) },
    // What is multiplied is the computed value, which may be in error.
    magnitude: { ...through, rows: errors.rows, data: through.data.subarray(errors.rows * through.cols) },
    approximationError: bounding.approximation.affine(node, [input.approximationError]),
    terms: operator.terms,
  };
}

/** Bound on the values, all errors included, `[arithmetics, size]`. */
function reachesOf({ propagator }: Bounding, { values, errors, approximationError }: BoundedFrame): Matrix {
  const reach = propagator.reader.reach(values).map((m, j) => m + approximationError[j]);
  return { ...errors, data: errors.data.map((e, i) => e + reach[i % errors.cols]) };
}

export function addBias(
  bounding: Bounding,
  { product, carried, magnitude, approximationError, terms }: LinearPart,
  bias: Float64Array,
): BoundedFrame {
  // One more term for the bias, one for the sum of the products over the frame's coordinates.
  const errors = errorsOf(bounding, bias.length, (arithmetic, j, a) => {
    const at = a * bias.length + j;
    return carried.data[at] + sumErrorBound(terms + 2, magnitude.data[at] + Math.abs(bias[j]), arithmetic);
  });
  return { values: withOriginMoved(product, bias), errors, approximationError };
}

export function addShift(bounding: Bounding, frame: BoundedFrame, shift: Float64Array): BoundedFrame {
  const { values, approximationError } = frame;
  const reaches = reachesOf(bounding, frame).data;
  const errors = errorsOf(bounding, shift.length, (arithmetic, j, a) => {
    const at = a * shift.length + j;
    return frame.errors.data[at] + sumErrorBound(2, reaches[at] + Math.abs(shift[j]), arithmetic);
  });
  return { values: withOriginMoved(values, shift), errors, approximationError };
}

function withOriginMoved(values: Matrix, by: Float64Array): Matrix {
  const moved = matrix(values.rows, values.cols, values.data.slice());
  for (let j = 0; j < moved.cols; j++) moved.data[j] += by[j];
  return moved;
}

export function concatBounded(
  { propagator, approximation }: Bounding,
  node: ConcatNode,
  inputs: readonly BoundedFrame[],
): BoundedFrame {
  return {
    values: propagator.linear(
      node,
      inputs.map(({ values }) => values),
    ),
    errors: concatColumns(inputs.map(({ errors }) => errors)),
    approximationError: approximation.concat(
      node,
      inputs.map(({ approximationError }) => approximationError),
    ),
  };
}

export function sumBounded(bounding: Bounding, node: SumNode, inputs: readonly BoundedFrame[]): BoundedFrame {
  const values = bounding.propagator.linear(
    node,
    inputs.map(input => input.values),
  );
  const errors = inputs.map(input => input.errors);
  const sizes = inputs.map((_, i) => Math.abs(node.coefficients ? node.coefficients[i] : 1));
  const carried = linearCombination(errors, sizes).data;
  const magnitude = linearCombination(
    inputs.map(input => reachesOf(bounding, input)),
    sizes,
  ).data;
  return {
    values,
    approximationError: bounding.approximation.sum(
      node,
      inputs.map(({ approximationError }) => approximationError),
    ),
    errors: errorsOf(bounding, values.cols, (arithmetic, j, a) => {
      const at = a * values.cols + j;
      return carried[at] + sumErrorBound(inputs.length + 2, magnitude[at], arithmetic);
    }),
  };
}

/**
 * A runtime's own exponentials and error functions are taken to err by at most this, times 1 + |x|: about eight units in
 * the last place of float32. No standard promises it.
 */
export const SMOOTH_FUNCTION_ERROR: number = 2 ** -20;

/**
 * Values through the pieces the sides select. A runtime's value may be in error by more than its `clearance` `[units]`
 * from the kinks; what lies across counts with the steepest piece, and never more than that piece times all of the error.
 */
export function activateBounded(
  bounding: Bounding,
  r: number,
  node: ActivationNode,
  frame: BoundedFrame,
  shifts: Shifts,
  clearance?: Float64Array,
): BoundedFrame {
  const { values } = frame;
  const { activation } = node;
  const pieces = piecesOn(r, activation, shifts.sides, values.cols);
  const reaches = reachesOf(bounding, frame).data;
  const isSmooth = activation.approximationError !== undefined;
  return {
    values: activateFrame(activation, values, shifts, r),
    approximationError: bounding.approximation.activation(node, [frame.approximationError]),
    errors: errorsOf(bounding, values.cols, (arithmetic, j, a) => {
      const at = a * values.cols + j;
      const e = frame.errors.data[at];
      const piece = activation.pieces[pieces[j]];
      const slope = Math.abs(slopeAt(piece, j));
      const isExact = arithmetic === float64;
      const largest = isExact ? slope : steepest(activation, j);
      const across = isExact ? 0 : Math.max(0, e - (clearance ? clearance[j] : 0));
      const carried = Math.min(largest * e, slope * e + (largest + slope) * across);
      const rounding = sumErrorBound(4, largest * reaches[at] + Math.abs(piece.offset), arithmetic);
      const evaluation = isSmooth && !isExact ? SMOOTH_FUNCTION_ERROR * (1 + reaches[at]) : 0;
      // A runtime computes a constant piece exactly.
      const isConstant = slope === 0 && across === 0 && !isSmooth;
      return isConstant ? 0 : carried + evaluation + rounding;
    }),
  };
}

/** Values through the winners of a maximum. In a runtime any member may come out on top, by no more than its error. */
export function maxBounded(
  bounding: Bounding,
  r: number,
  node: MaxNode,
  frame: BoundedFrame,
  chosen: MaxShifts,
): BoundedFrame {
  const { offsets, members } = node.windows;
  const count = chosen.lifts.lift.length;
  const size = frame.values.cols;
  const reaches = reachesOf(bounding, frame).data;
  return {
    values: maxFrame(frame.values, chosen, r),
    approximationError: bounding.approximation.max(node, [frame.approximationError]),
    errors: errorsOf(bounding, count, (arithmetic, w, a) => {
      const error = (unit: number) => frame.errors.data[a * size + unit];
      const winner = chosen.winners[r * count + w];
      const lift = chosen.lifts.lift[w];
      let e = error(winner);
      if (arithmetic !== float64) {
        for (let m = offsets[w]; m < offsets[w + 1]; m++) e = Math.max(e, error(members[m]));
      }
      return e + (lift === 0 ? 0 : sumErrorBound(2, reaches[a * size + winner] + lift, arithmetic));
    }),
  };
}
