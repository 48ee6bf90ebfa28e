import type { AffineOperator, Matrix, Network, NetworkNode, operators } from '@police/core';
import {
  type ActivationNode,
  concatColumns,
  forwardValues,
  type MaxNode,
  SMOOTH_FUNCTION_ERROR,
  type SumNode,
  UNRESOLVED,
  walk,
} from '@police/core/adapter';

/** Unit roundoff of float32; the factor outweighs the rounding of the float64 reference and of the bound (≈ 2⁻²⁹). */
const UNIT_ROUNDOFF_32 = 2 ** -24 * (1 + 2 ** -20);

/** Largest error of a product that underflows in float32, with room to spare. */
const UNDERFLOW_32 = 2 ** -149;

/** γ_n = n·u / (1 − n·u): relative error of a sum of products in which no term is rounded more than n times. */
const gamma32 = (n: number): number => (n * UNIT_ROUNDOFF_32) / (1 - n * UNIT_ROUNDOFF_32);

/** How far float32 values may lie from a node's, entry by entry. */
interface Bounded {
  readonly error: Matrix;
  /** What was summed, in absolute values: all that is lost where a sum cancels. */
  readonly reach: Matrix;
  /** Roundings of any term of that sum. */
  readonly terms: number;
}

/**
 * Bound `[n, outputSize]` on the distance between core's `forward` and any runtime that evaluates the same operators in
 * float32, summing in any order, on rows x `[n, inputSize]` of float32 values.
 *
 * An error e on the way in leaves a linear layer of t terms as |W| e + γ_{t+1}(|W|(|x| + e) + |b|) (each product is
 * rounded once itself and at most t times in sums), a function of Lipschitz constant L as L e. Runtimes may fuse a Mul or
 * an Add into the sum before it, so that its cancelled terms are rounded anew: then `reach` counts, not the value.
 */
export function float32ErrorBound(net: Network, x: Matrix): Matrix {
  const values = forwardValues(net, x);
  const at = (node: NetworkNode, bounded: Bounded): Input => ({ ...bounded, values: values.get(node.name)! });
  const all = walk<Input>(net, {
    input: node => at(node, stored({ ...x, data: new Float64Array(x.data.length) }, x)),
    affine: (node, [input]) => at(node, throughAffine(node.operator, input)),
    activation: (node, [input]) => at(node, throughActivation(node, input, values.get(node.name)!)),
    sum: (node, inputs) => at(node, sumOf(node, inputs)),
    concat: (node, inputs) => at(node, concatenated(inputs)),
    max: (node, [input]) => at(node, stored(maxError(node, input), values.get(node.name)!)),
    clamp: (node, inputs) => at(node, clampError(inputs)),
    opaque: UNRESOLVED.opaque,
  });
  return all.get(net.nodes.at(-1)!.name)!.error;
}

type Input = Bounded & { readonly values: Matrix };

/** Each of value, centre and radius counts whole, wherever the value lies; the ends of the interval round once. */
function clampError(inputs: readonly Bounded[]): Bounded {
  return sumOf({}, inputs);
}

function concatenated(inputs: readonly Bounded[]): Bounded {
  return {
    error: concatColumns(inputs.map(({ error }) => error)),
    reach: concatColumns(inputs.map(({ reach }) => reach)),
    terms: Math.max(...inputs.map(({ terms }) => terms)),
  };
}

function sumOf({ coefficients }: Pick<SumNode, 'coefficients'>, inputs: readonly Bounded[]): Bounded {
  const sum = (blocks: readonly Matrix[]) =>
    map(blocks[0], (_, k) =>
      blocks.reduce((s, block, i) => s + Math.abs(coefficients?.[i] ?? 1) * block.data[k], 0),
    );
  const terms = Math.max(...inputs.map(input => input.terms)) + inputs.length + 1;
  return rounded(sum(inputs.map(({ error }) => error)), sum(inputs.map(({ reach }) => reach)), terms);
}

/** A value that a runtime has to compute as it is: nothing before it can be summed again. */
function stored(error: Matrix, values: Matrix): Bounded {
  return { error, reach: map(values, (v, k) => Math.abs(v) + error.data[k]), terms: 0 };
}

/** A sum of terms each rounded `terms` times. */
function rounded(carried: Matrix, reach: Matrix, terms: number): Bounded {
  const error = map(carried, (e, k) => e + gamma32(terms) * reach.data[k] + terms * UNDERFLOW_32);
  return { error, reach, terms };
}

function throughAffine(operator: AffineOperator, x: Input): Bounded {
  const { bias } = operator;
  const { kind } = operator;
  const carried = operator.magnitude(x.error);
  const plusBias = (reach: Matrix) => map(reach, (r, _, j) => r + Math.abs(bias[j]));
  if (kind === 'gather')
    return { error: carried, reach: plusBias(operator.magnitude(x.reach)), terms: x.terms };
  // Fused into the sum before it, its constants are products and sums themselves.
  if (kind === 'scale' || kind === 'fixed') {
    return rounded(carried, plusBias(operator.magnitude(x.reach)), x.terms + operator.terms + 2);
  }
  const reach = operator.magnitude(map(x.values, (v, k) => Math.abs(v) + x.error.data[k]));
  const resize = kind === 'sparse' && operator.origin?.kind === 'resizeLinear' ? operator.origin : undefined;
  const coordinates = resize ? coordinateError(resize, x.values) : 0;
  return rounded(
    map(carried, e => e + coordinates),
    plusBias(reach),
    (resize ? RESIZE_TERMS : operator.terms) + 1,
  );
}

/**
 * A linear resize is a sum of as many entries as a box has corners, in up to three dimensions (ONNX Runtime counts the
 * channels of `[n, C, L]` as one), each times a weight per axis, even where core needs but one entry.
 */
const RESIZE_TERMS = 2 ** 3 + 3;

/** Roundings of a coordinate in Resize, its scale's and that of what is added to it included. */
const COORDINATE_ROUNDINGS = 8;

/**
 * What the rounding of coordinates costs a linear resize: interpolation is continuous, and one position further its
 * value differs by at most the difference of two entries. Nothing where the scale is a power of two.
 */
function coordinateError(origin: Resize, x: Matrix): number {
  const [, ...plane] = origin.shape;
  const largest = x.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return plane.reduce((sum, size, axis) => {
    const isExact =
      origin.coordinates !== 'align_corners' && Number.isInteger(Math.log2(origin.outSize[axis] / size));
    return sum + (isExact ? 0 : gamma32(COORDINATE_ROUNDINGS) * (size + 1) * 2 * largest);
  }, 0);
}

type Resize = Extract<operators.SparseOrigin, { kind: 'resizeLinear' }>;

/** The largest of each window is off by no more than any entry is, lifted ones also by the rounding of the Add. */
function maxError({ windows, lifts }: MaxNode, { values, error }: Input): Matrix {
  const { offsets, members } = windows;
  const count = offsets.length - 1;
  const result = new Float64Array(values.rows * count);
  return map({ rows: values.rows, cols: count, data: result }, (_, k, w) => {
    const start = Math.floor(k / count) * values.cols;
    const entries = Array.from(
      members.subarray(offsets[w], offsets[w + 1]),
      member => error.data[start + member],
    );
    const winner = lifts?.winner[w] ?? -1;
    if (winner >= 0) {
      const e = error.data[start + winner];
      entries.push(e + gamma32(1) * (Math.abs(values.data[start + winner]) + e + Math.abs(lifts!.lift[w])));
    }
    return Math.max(...entries);
  });
}

/** Roundings of one evaluation; a runtime's exponential is off by a few units in the last place. */
const ROUNDINGS: Readonly<Record<string, number>> = {
  leakyRelu: 1,
  prelu: 1,
  hardSigmoid: 3,
  hardSwish: 6,
  elu: 16,
  selu: 16,
};

function throughActivation({ activation, shift }: ActivationNode, x: Input, y: Matrix): Bounded {
  const c = (j: number) => Math.abs(shift?.[j] ?? 0);
  const isShifted = shift?.some(value => value !== 0);
  const h = isShifted
    ? rounded(
        x.error,
        map(x.reach, (r, _, j) => r + c(j)),
        x.terms + 3,
      )
    : x;
  // Runtimes leave it out.
  if (activation.name === 'identity') return h;
  const slope = (j: number) =>
    Math.max(
      activation.curve?.steepest ?? 0,
      ...activation.pieces.map(({ slope: s }) => Math.abs(typeof s === 'number' ? s : s[j])),
    );
  const roundings = ROUNDINGS[activation.name] ?? 0;
  const offset = Math.max(...activation.pieces.map(piece => Math.abs(piece.offset)));
  return stored(
    map(x.values, (v, k, j) => {
      const reach = Math.abs(v) + c(j) + h.error.data[k];
      return (
        slope(j) * h.error.data[k] +
        gamma32(roundings) * (slope(j) * reach + offset) +
        (activation.approximationError === undefined ? 0 : SMOOTH_FUNCTION_ERROR * (1 + reach)) +
        (1 + roundings) * UNDERFLOW_32
      );
    }),
    y,
  );
}

function map(
  { rows, cols, data }: Matrix,
  f: (value: number, index: number, column: number) => number,
): Matrix {
  return { rows, cols, data: data.map((value, k) => f(value, k, k % cols)) };
}
