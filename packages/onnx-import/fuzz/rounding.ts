import { forward, type Matrix, matrix, type Network } from '@police/core';
import { type ActivationNode, activate } from '@police/core/adapter';

/** A runtime's arithmetic: unit roundoff and smallest positive number. */
interface Arithmetic {
  readonly unit: number;
  readonly underflow: number;
}

/** The factors outweigh the float64 rounding of this bound, and of core's forward pass where the runtime's is as fine. */
const ARITHMETICS = {
  float16: { unit: 2 ** -11 * (1 + 2 ** -10), underflow: 2 ** -24 },
  float32: { unit: 2 ** -24 * (1 + 2 ** -20), underflow: 2 ** -149 },
  float64: { unit: 2 ** -52, underflow: Number.MIN_VALUE },
} as const;

export type ArithmeticName = keyof typeof ARITHMETICS;

const gammaOf =
  ({ unit }: Arithmetic) =>
  (n: number): number =>
    (n * unit) / (1 - n * unit);

/** Roundings of one evaluation of an activation; a runtime's exponential is off by a few units in the last place. */
const ACTIVATION_ROUNDINGS = 32;

/** How a network is run, and by how much shifts and lifts may be others there, by the name of their nonlinearity. */
export interface RunOptions {
  /** @defaultValue 'float32' */
  readonly arithmetic?: ArithmeticName;
  /** @defaultValue by nothing */
  readonly moved?: ReadonlyMap<string, number>;
}

interface Bounded {
  readonly values: Matrix;
  readonly error: Float64Array;
}

/**
 * What any runtime may compute in an arithmetic, by default float32, in any order of summation, on rows x of its values:
 * core's outputs, and how far from them it may be, entry by entry (Higham, Accuracy and Stability of Numerical
 * Algorithms, §3.1).
 */
export function boundedOutputs(
  net: Network,
  x: Matrix,
  { arithmetic: name = 'float32', moved }: RunOptions = {},
): Bounded {
  const arithmetic = ARITHMETICS[name];
  const gamma = gammaOf(arithmetic);
  const all = new Map<string, Bounded>();
  for (const node of net.nodes) {
    if (node.kind === 'input') all.set(node.name, { values: x, error: new Float64Array(x.data.length) });
    else if (node.kind === 'affine') {
      const { values, error } = all.get(node.input)!;
      const { operator } = node;
      const like = (data: Float64Array) => matrix(values.rows, values.cols, data);
      const carried = operator.magnitude(like(error)).data;
      const reach = operator.magnitude(like(values.data.map((v, i) => Math.abs(v) + error[i]))).data;
      const y = operator.linear(values);
      const bias = (i: number) => operator.bias[i % operator.outSize];
      all.set(node.name, {
        values: { ...y, data: y.data.map((v, i) => v + bias(i)) },
        error: carried.map(
          (e, i) =>
            e +
            gamma(operator.terms + 4) * (reach[i] + Math.abs(bias(i))) +
            operator.terms * arithmetic.underflow,
        ),
      });
    } else if (node.kind === 'activation')
      all.set(
        node.name,
        throughActivation(node, widened(all.get(node.input)!, moved?.get(node.name)), arithmetic),
      );
    else if (node.kind === 'max') {
      const { values, error } = all.get(node.input)!;
      const { offsets, members } = node.windows;
      const windows = offsets.length - 1;
      const y = matrix(values.rows, windows);
      const errors = new Float64Array(y.data.length);
      for (let i = 0; i < y.data.length; i++) {
        const [row, w] = [Math.floor(i / windows), i % windows];
        const at = Array.from(members.subarray(offsets[w], offsets[w + 1]), m => row * values.cols + m);
        y.data[i] = Math.max(...at.map(a => values.data[a]));
        errors[i] = Math.max(...at.map(a => error[a]));
        const winner = node.lifts?.winner[w] ?? -1;
        if (winner < 0) continue;
        const [from, lift] = [row * values.cols + winner, node.lifts!.lift[w]];
        const lifted = values.data[from] + lift;
        y.data[i] = Math.max(y.data[i], lifted);
        errors[i] = Math.max(errors[i], error[from] + gamma(2) * (Math.abs(lifted) + error[from]));
      }
      // What is not lifted here may be in the file: that addition rounds.
      const lifted = widened({ values: y, error: errors }, moved?.get(node.name));
      const rounded = (e: number, i: number) => e + gamma(2) * (Math.abs(y.data[i]) + e);
      all.set(node.name, moved ? { ...lifted, error: lifted.error.map(rounded) } : lifted);
    } else {
      const parts = node.inputs.map(name => all.get(name)!);
      const rows = parts[0].values.rows;
      const pick = (r: number, part: Bounded) => ({
        v: part.values.data.subarray(r * part.values.cols, (r + 1) * part.values.cols),
        e: part.error.subarray(r * part.values.cols, (r + 1) * part.values.cols),
      });
      const [v, e]: number[][] = [[], []];
      for (let r = 0; r < rows; r++) {
        const picked = parts.map(part => pick(r, part));
        if (node.kind === 'concat') {
          v.push(...picked.flatMap(one => [...one.v]));
          e.push(...picked.flatMap(one => [...one.e]));
        } else {
          const c = (t: number) => (node.kind === 'sum' ? (node.coefficients?.[t] ?? 1) : 1);
          for (let j = 0; j < picked[0].v.length; j++) {
            v.push(picked.reduce((sum, one, t) => sum + c(t) * one.v[j], 0));
            const reach = picked.reduce(
              (sum, one, t) => sum + Math.abs(c(t)) * (Math.abs(one.v[j]) + one.e[j]),
              0,
            );
            e.push(
              picked.reduce((sum, one, t) => sum + Math.abs(c(t)) * one.e[j], 0) +
                gamma(picked.length + 1) * reach,
            );
          }
        }
      }
      all.set(node.name, {
        values: matrix(rows, v.length / rows, Float64Array.from(v)),
        error: Float64Array.from(e),
      });
    }
  }
  return all.get(net.nodes.at(-1)!.name)!;
}

function widened({ values, error }: Bounded, by = 0): Bounded {
  return { values, error: error.map(e => e + by) };
}

function throughActivation(
  { activation, shift }: ActivationNode,
  { values, error }: Bounded,
  arithmetic: Arithmetic,
): Bounded {
  const gamma = gammaOf(arithmetic);
  const unit = (i: number) => i % values.cols;
  const steep = (j: number) =>
    Math.max(
      activation.curve?.steepest ?? 0,
      ...activation.pieces.map(({ slope }) => Math.abs(typeof slope === 'number' ? slope : slope[j])),
    );
  const offset = Math.max(
    ...activation.pieces.map(piece => (Math.abs(piece.offset) < 1e30 ? Math.abs(piece.offset) : 0)),
  );
  const moved = values.data.map((v, i) => v + (shift?.[unit(i)] ?? 0));
  return {
    values: { ...values, data: moved.map((v, i) => activate(activation, v, unit(i))) },
    error: error.map((e, i) => {
      const s = steep(unit(i));
      const reach = Math.abs(moved[i]) + e + Math.abs(shift?.[unit(i)] ?? 0);
      return s * e + gamma(ACTIVATION_ROUNDINGS) * (s * reach + offset + 1) + 64 * arithmetic.underflow;
    }),
  };
}

/** Largest |actual − core's| in units of the bound on it: at most 1 for a right runtime. */
export function worstExcess(net: Network, x: Matrix, actual: Float64Array, options?: RunOptions): number {
  const { values, error } = boundedOutputs(net, x, options);
  const exact = forward(net, x).data;
  if (actual.length !== exact.length) return Number.POSITIVE_INFINITY;
  return values.data.reduce((worst, v, i) => {
    const off = Math.abs(actual[i] - v) + Math.abs(v - exact[i]);
    const excess = off === 0 ? 0 : off / error[i];
    return Number.isNaN(excess) ? Number.POSITIVE_INFINITY : Math.max(worst, excess);
  }, 0);
}
