import { type ActivationNode, type AffineNode, activate, type Matrix, type Network } from '@police/core';

/** Unit roundoff of float32; the factor outweighs the rounding of the float64 reference and of the bound (≈ 2⁻²⁹). */
const UNIT_ROUNDOFF_32 = 2 ** -24 * (1 + 2 ** -20);

/** Largest error of a product that underflows in float32, with room to spare. */
const UNDERFLOW_32 = 2 ** -149;

/** γ_n = n·u / (1 − n·u): relative error of a sum of products in which no term is rounded more than n times. */
const gamma32 = (n: number): number => (n * UNIT_ROUNDOFF_32) / (1 - n * UNIT_ROUNDOFF_32);

/** Values with a bound, entry by entry, on how far a float32 runtime's lie from them. */
interface Bounded {
  readonly values: Matrix;
  readonly error: Matrix;
}

/**
 * Bound `[n, outputSize]` on the distance between core's `forward` and any runtime that evaluates the same operators in
 * float32, summing in any order, on rows x `[n, inputSize]` of float32 values.
 *
 * An error e on the way in leaves a dense layer of n inputs as |W| e + γ_{n+1}(|W|(|x| + e) + |b|) (each product is
 * rounded once itself and at most n times in sums), a function of Lipschitz constant L as L e.
 */
export function float32ErrorBound(net: Network, x: Matrix): Matrix {
  const all = new Map<string, Bounded>();
  for (const node of net.nodes) {
    if (node.kind === 'input') all.set(node.name, { values: x, error: map(x, () => 0) });
    else if (node.kind === 'affine') all.set(node.name, throughAffine(node, all.get(node.input)!));
    else if (node.kind === 'activation') all.set(node.name, throughActivation(node, all.get(node.input)!));
    else throw new Error(`no bound for a ${node.kind} node`);
  }
  return all.get(net.nodes.at(-1)!.name)!.error;
}

function throughAffine({ operator }: AffineNode, { values, error }: Bounded): Bounded {
  const { bias, terms } = operator;
  const carried = operator.magnitude(error);
  const reach = operator.magnitude(map(values, (v, k) => Math.abs(v) + error.data[k]));
  return {
    values: map(operator.linear(values), (y, _, j) => y + bias[j]),
    error: map(
      reach,
      (r, k, j) => carried.data[k] + gamma32(terms + 1) * (r + Math.abs(bias[j])) + terms * UNDERFLOW_32,
    ),
  };
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

function throughActivation({ activation, shift }: ActivationNode, { values, error }: Bounded): Bounded {
  const c = (j: number) => shift?.[j] ?? 0;
  const slope = (j: number) =>
    Math.max(
      activation.curve?.steepest ?? 0,
      ...activation.pieces.map(({ slope: s }) => Math.abs(typeof s === 'number' ? s : s[j])),
    );
  const roundings = ROUNDINGS[activation.name] ?? 0;
  const offset = Math.max(...activation.pieces.map(piece => Math.abs(piece.offset)));
  return {
    values: map(values, (v, _, j) => activate(activation, v + c(j), j)),
    error: map(values, (v, k, j) => {
      const reach = Math.abs(v) + error.data[k] + Math.abs(c(j));
      const added = error.data[k] + (shift ? gamma32(1) * reach : 0);
      return (
        slope(j) * added +
        gamma32(roundings) * (slope(j) * (reach + added) + offset) +
        (1 + roundings) * UNDERFLOW_32
      );
    }),
  };
}

function map(
  { rows, cols, data }: Matrix,
  f: (value: number, index: number, column: number) => number,
): Matrix {
  return { rows, cols, data: data.map((value, k) => f(value, k, k % cols)) };
}
