import { activateFrame } from '../frames/policed-pass.js';
import type { FramePropagator } from '../frames/propagator.js';
import { type Piece, slopeAt, steepest } from '../network/activation.js';
import type {
  ActivationNode,
  AffineNode,
  ConcatNode,
  InputNode,
  MaxNode,
  SumNode,
} from '../network/nodes.js';
import type { Rules } from '../network/walk.js';
import {
  concatColumns,
  largestEntry,
  linearCombination,
  type Matrix,
  matrix,
  rowOf,
  rowRange,
  stackRows,
} from '../numeric/matrix.js';
import { type Arithmetic, float32, float64, sumErrorBound } from '../numeric/precision.js';
import { piecesOn } from '../rule/pieces.js';
import type { Shifts } from '../rule/shift.js';
import { type MaxShifts, maxFrame, winnersOn } from '../rule/winners.js';
import type { RuntimeRounding } from './runtime-rounding.js';

/**
 * Frame values on one region with bounds on how far, at any point of the region, a value lies from the true one.
 *
 * An error is what rounding in some arithmetic may change: float64's bounds the frame values themselves against the affine
 * function they stand for, float32's what a runtime computes against the network's exact value.
 */
export interface BoundedFrame {
  readonly values: Matrix;
  /** `[2, size]`: row {@link EXACT} of the exact network, row {@link RUNTIME} of a float32 runtime. */
  readonly errors: Matrix;
  /** The runtime's error `[size]` by products of |W| alone; see {@link RuntimeRounding}. */
  readonly coarse: Float64Array;
  /** Bound `[size]` on the distance of the network from that affine function: 0 but for smooth activations. */
  readonly approximationError: Float64Array;
  /** Of pre-activations with a shift of their node's own: what a runtime rounds in adding it, `[size]`. */
  readonly shiftRounding?: Float64Array;
}

/** Rows of errors. */
export const EXACT = 0;
export const RUNTIME = 1;

/** The exact network, whose errors prove, and a runtime's, whose errors are reported and kept clear of. */
const ARITHMETICS: readonly Arithmetic[] = [float64, float32];

/** Outweighs the rounding of adding a few bounds. */
export const ROUND_UP: number = 1 + 2 ** -50;

/** How one region's frame values are carried, and what is known of the rounding on the way. */
export interface Bounding {
  readonly propagator: FramePropagator;
  /** See {@link approximationErrors}, of this region. */
  readonly approximation: Rules<Float64Array>;
  readonly rounding: RuntimeRounding;
}

/** What a unit's error is in an arithmetic: carried along from the nodes before, and made at this one. */
interface ErrorOf {
  carried(row: number, unit: number): number;
  made(arithmetic: Arithmetic, row: number, unit: number): number;
}

/** `[2, size]`. */
function errorsOf(size: number, { carried, made }: ErrorOf): Matrix {
  const errors = matrix(ARITHMETICS.length, size);
  ARITHMETICS.forEach((arithmetic, row) => {
    for (let j = 0; j < size; j++)
      errors.data[row * size + j] = (carried(row, j) + made(arithmetic, row, j)) * ROUND_UP;
  });
  return errors;
}

/** The same, and what a runtime makes is recorded. `coarse` is what |W| carries of the runtime's. */
function errorsAt(
  { rounding }: Bounding,
  name: string,
  coarse: Float64Array,
  error: ErrorOf,
): Pick<BoundedFrame, 'errors' | 'coarse'> {
  const own = coarse.map((_, j) => error.made(float32, RUNTIME, j));
  rounding.record(name, own);
  return { errors: errorsOf(coarse.length, error), coarse: coarse.map((e, j) => (e + own[j]) * ROUND_UP) };
}

/** |W| applied to all that is carried: errors, values' reach, coarse errors. */
interface Carried {
  readonly errors: Matrix;
  readonly reaches: Matrix;
  readonly coarse: Float64Array;
}

/** Points of the region: exact arithmetic errs in rounded frame coordinates, a runtime rounds to its own format too. */
export function regionFrame(bounding: Bounding, { name }: InputNode): BoundedFrame {
  const { region, reader } = bounding.propagator;
  const values = bounding.propagator.start();
  const reach = reader.reach(values);
  const { slack } = region;
  bounding.rounding.reach(name, largestEntry(reach));
  return {
    values,
    ...errorsAt(bounding, name, new Float64Array(region.size), {
      carried: () => 0,
      made: (arithmetic, row, j) =>
        slack[j] + (row === EXACT ? 0 : sumErrorBound(1, reach[j] + slack[j], arithmetic)),
    }),
    approximationError: new Float64Array(region.size),
  };
}

/** A layer's frame values before its bias, which may still move. */
export interface LinearPart extends Carried {
  readonly node: AffineNode;
  readonly product: Matrix;
  readonly approximationError: Float64Array;
}

export function linearPart(bounding: Bounding, node: AffineNode, input: BoundedFrame): LinearPart {
  const { operator } = node;
  const { errors } = input;
  const inSize = errors.cols;
  const coarse = { rows: 1, cols: inSize, data: input.coarse };
  const through = operator.magnitude(stackRows([errors, reachesOf(bounding, input), coarse], inSize));
  return {
    node,
    product: bounding.propagator.linear(node, [input.values]),
    ...refined(bounding, node.name, operator.terms, through),
    approximationError: bounding.approximation.affine(node, [input.approximationError]),
  };
}

/** Splits what |W| made of {@link Carried}, a runtime's errors taken through the actual Jacobian where that is less. */
function refined({ rounding }: Bounding, name: string, terms: number, through: Matrix): Carried {
  const errors = rowRange(through, 0, 2);
  const reaches = rowRange(through, 2, 4);
  const coarse = rowOf(through, 4);
  // An operator that only moves entries cancels nothing.
  const exact = terms > 1 ? rounding.before(name, coarse) : undefined;
  if (exact) {
    const runtime = rowOf(errors, RUNTIME);
    runtime.set(runtime.map((e, j) => Math.min(e, exact[j])));
  }
  return { errors, reaches, coarse };
}

/** Bound on the values, all errors included, `[2, size]`. */
function reachesOf({ propagator }: Bounding, { values, errors, approximationError }: BoundedFrame): Matrix {
  const reach = propagator.reader.reach(values).map((m, j) => m + approximationError[j]);
  return { ...errors, data: errors.data.map((e, i) => e + reach[i % errors.cols]) };
}

export function addBias(bounding: Bounding, part: LinearPart, bias: Float64Array): BoundedFrame {
  const { node, product, errors, reaches, coarse, approximationError } = part;
  const at = (m: Matrix, row: number, j: number) => m.data[row * m.cols + j];
  // What is multiplied is the computed value, which may be in error.
  const magnitude = (row: number, j: number) => at(reaches, row, j) + Math.abs(bias[j]);
  bounding.rounding.reach(
    node.name,
    bias.reduce((max, _, j) => Math.max(max, magnitude(RUNTIME, j)), 0),
  );
  return {
    values: withOriginMoved(product, bias),
    ...errorsAt(bounding, node.name, coarse, {
      carried: (row, j) => at(errors, row, j),
      // One more term for the bias; of frame values one for the sum of the products over the frame's coordinates.
      made: (arithmetic, row, j) =>
        sumErrorBound(node.operator.terms + (row === EXACT ? 2 : 1), magnitude(row, j), arithmetic),
    }),
    approximationError,
  };
}

/** The pre-activations of a node with a shift of its own added. */
export function addShift(
  bounding: Bounding,
  { name }: ActivationNode,
  frame: BoundedFrame,
  shift: Float64Array,
): BoundedFrame {
  const { values, errors, approximationError } = frame;
  const size = shift.length;
  const magnitude = reachesOf(bounding, frame).data.map((m, i) => m + Math.abs(shift[i % size]));
  bounding.rounding.reach(name, largestEntry(magnitude));
  const made = (arithmetic: Arithmetic, row: number, j: number) =>
    sumErrorBound(2, magnitude[row * size + j], arithmetic);
  const shiftRounding = shift.map((_, j) => made(float32, RUNTIME, j));
  return {
    values: withOriginMoved(values, shift),
    errors: errorsOf(size, { carried: (row, j) => errors.data[row * size + j], made }),
    coarse: frame.coarse.map((e, j) => (e + shiftRounding[j]) * ROUND_UP),
    approximationError,
    shiftRounding,
  };
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
    coarse: Float64Array.from(inputs.flatMap(({ coarse }) => Array.from(coarse))),
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
  const sizes = inputs.map((_, i) => Math.abs(node.coefficients ? node.coefficients[i] : 1));
  const through = linearCombination(
    inputs.map(input => {
      const coarse = { rows: 1, cols: values.cols, data: input.coarse };
      return stackRows([input.errors, reachesOf(bounding, input), coarse], values.cols);
    }),
    sizes,
  );
  const { errors, reaches, coarse } = refined(bounding, node.name, inputs.length, through);
  const at = (m: Matrix, row: number, j: number) => m.data[row * m.cols + j];
  bounding.rounding.reach(node.name, largestEntry(rowOf(reaches, RUNTIME)));
  return {
    values,
    ...errorsAt(bounding, node.name, coarse, {
      carried: (row, j) => at(errors, row, j),
      made: (arithmetic, row, j) => sumErrorBound(inputs.length + 2, at(reaches, row, j), arithmetic),
    }),
    approximationError: bounding.approximation.sum(
      node,
      inputs.map(({ approximationError }) => approximationError),
    ),
  };
}

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
  const slopes = Float64Array.from(pieces, (k, j) => Math.abs(slopeAt(activation.pieces[k], j)));
  const reaches = reachesOf(bounding, frame).data;
  /** What a runtime's error beyond the clearance may bend. */
  const bent = slopes.map((slope, j) => {
    const e = errors.data[RUNTIME * cols + j];
    const largest = steepest(activation, j);
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
      const largest = isRuntime ? steepest(activation, j) : slopes[j];
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
