import { withOriginMoved } from '../frames/policed-pass.js';
import type { ActivationNode, AffineNode, ConcatNode, InputNode, SumNode } from '../network/nodes.js';
import {
  concatColumns,
  largestEntry,
  linearCombination,
  type Matrix,
  rowOf,
  rowRange,
  stackRows,
} from '../numeric/matrix.js';
import { type Arithmetic, float32, sumErrorBound } from '../numeric/precision.js';
import {
  type BoundedFrame,
  type Bounding,
  EXACT,
  errorsAt,
  errorsOf,
  ROUND_UP,
  RUNTIME,
  reachesOf,
} from './bounded-frame.js';

/** |W| applied to all that is carried: errors, values' reach, coarse errors. */
interface Carried {
  readonly errors: Matrix;
  readonly reaches: Matrix;
  readonly coarse: Float64Array;
  /** Nothing but zeros is carried, which adds up to zero without rounding in any arithmetic: where a gap is 0, so is what is made of it. */
  readonly isZero: boolean;
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
  /** Row 0 of the product without any bias: that of the product itself has the last one added. */
  readonly origin: Float64Array;
  readonly approximationError: Float64Array;
}

/** A node's frames with error bounds, one per region. */
export interface BoundedValue {
  readonly frames: readonly BoundedFrame[];
  /** Of an affine node: the same before its bias, which may still move. */
  readonly beforeBias?: readonly LinearPart[];
}

export function linearPart(bounding: Bounding, node: AffineNode, input: BoundedFrame): LinearPart {
  const { operator } = node;
  const { errors } = input;
  const inSize = errors.cols;
  const coarse = { rows: 1, cols: inSize, data: input.coarse };
  const reaches = reachesOf(bounding, input);
  const through = operator.magnitude(stackRows([errors, reaches, coarse], inSize));
  const product = bounding.propagator.linear(node, [input.values]);
  return {
    node,
    product,
    origin: rowOf(product, 0).slice(),
    ...split(through),
    isZero: isZero(reaches),
    approximationError: bounding.approximation.affine(node, [input.approximationError]),
  };
}

/** Splits what |W| made of {@link Carried}. */
function split(through: Matrix): Omit<Carried, 'isZero'> {
  return { errors: rowRange(through, 0, 2), reaches: rowRange(through, 2, 4), coarse: rowOf(through, 4) };
}

function isZero({ data }: Matrix): boolean {
  return data.every(x => x === 0);
}

/** The frames with a bias, in the memory of the product: those with another one are no more. */
export function addBias(bounding: Bounding, part: LinearPart, bias: Float64Array): BoundedFrame {
  const { node, product, origin, errors, reaches, coarse, approximationError } = part;
  const at = (m: Matrix, row: number, j: number) => m.data[row * m.cols + j];
  // What is multiplied is the computed value, which may be in error.
  const magnitude = (row: number, j: number) => at(reaches, row, j) + Math.abs(bias[j]);
  const largest = (row: number) => bias.reduce((max, _, j) => Math.max(max, magnitude(row, j)), 0);
  bounding.rounding.reach(node.name, largest(RUNTIME), largest(EXACT));
  for (let j = 0; j < origin.length; j++) product.data[j] = origin[j] + bias[j];
  return {
    // A matrix of its own, by which its extents are remembered.
    values: { ...product },
    ...errorsAt(bounding, node.name, coarse, {
      carried: (row, j) => at(errors, row, j),
      // One more term for the bias; of frame values one for the sum of the products over the frame's coordinates.
      made: (arithmetic, row, j) =>
        part.isZero
          ? 0
          : sumErrorBound(node.operator.terms + (row === EXACT ? 2 : 1), magnitude(row, j), arithmetic),
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
  const largest = (row: number) => largestEntry(magnitude.subarray(row * size, (row + 1) * size));
  bounding.rounding.reach(name, largest(RUNTIME), largest(EXACT));
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
  const reachesOfInputs = inputs.map(input => reachesOf(bounding, input));
  const isSumZero = reachesOfInputs.every(isZero);
  const through = linearCombination(
    inputs.map(({ errors, coarse }, i) => {
      const row = { rows: 1, cols: values.cols, data: coarse };
      return stackRows([errors, reachesOfInputs[i], row], values.cols);
    }),
    sizes,
  );
  const { errors, reaches, coarse } = split(through);
  const at = (m: Matrix, row: number, j: number) => m.data[row * m.cols + j];
  bounding.rounding.reach(
    node.name,
    largestEntry(rowOf(reaches, RUNTIME)),
    largestEntry(rowOf(reaches, EXACT)),
  );
  return {
    values,
    ...errorsAt(bounding, node.name, coarse, {
      carried: (row, j) => at(errors, row, j),
      made: (arithmetic, row, j) =>
        isSumZero ? 0 : sumErrorBound(inputs.length + 2, at(reaches, row, j), arithmetic),
    }),
    approximationError: bounding.approximation.sum(
      node,
      inputs.map(({ approximationError }) => approximationError),
    ),
  };
}
