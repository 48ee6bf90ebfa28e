import { type Matrix, type Network, rowOf } from '@police/core';
import { type Rules, UNRESOLVED, walk } from '@police/core/adapter';

const f = Math.fround;

/** How a runtime may add up: from the first, from the last, or in halves. */
export type SummationOrder = 'forwards' | 'backwards' | 'pairwise';

const SUMS: Readonly<Record<SummationOrder, (terms: readonly number[]) => number>> = {
  forwards: terms => terms.reduce((sum, term) => f(sum + term), 0),
  backwards: terms => terms.reduceRight((sum, term) => f(sum + term), 0),
  pairwise: terms => {
    if (terms.length <= 2) return terms.reduce((sum, term) => f(sum + term), 0);
    const middle = terms.length >> 1;
    return f(SUMS.pairwise(terms.slice(0, middle)) + SUMS.pairwise(terms.slice(middle)));
  },
};

/** What a float32 runtime makes of a network of dense layers, and of every node of it. */
export interface Float32Run {
  /** `[n, outSize]`. */
  readonly data: Float64Array;
  /** Values after each node, by name, one list per row. */
  readonly values: readonly ReadonlyMap<string, readonly number[]>[];
}

/** The network on rows `[n, inputSize]` in float32, one rounding an operation, sums in an order. */
export function float32Forward(net: Network, points: Matrix, order: SummationOrder = 'forwards'): Float32Run {
  const sum = SUMS[order];
  const values = Array.from({ length: points.rows }, (_, i) => walk(net, rulesAt(rowOf(points, i), sum)));
  const output = net.nodes.at(-1)!.name;
  return { values, data: Float64Array.from(values.flatMap(each => each.get(output)!)) };
}

const rulesAt = (x: Float64Array, sum: (terms: readonly number[]) => number): Rules<readonly number[]> => ({
  input: () => Array.from(x, f),
  affine: ({ operator }, [h]) => {
    if (operator.kind === 'scale')
      return h.map((x, j) => f(f((operator.factor?.[j] ?? 1) * x) + operator.bias[j]));
    const [weight, bias] = operator.parameters;
    return Array.from(bias, (b, j) => f(sum(h.map((value, k) => f(weight[j * h.length + k] * value))) + b));
  },
  activation: ({ activation, shift }, [x]) =>
    x.map((value, j) => {
      const h = shift ? f(value + shift[j]) : value;
      const { slope, offset } = activation.pieces[activation.kinks.filter(kink => h > kink.lo).length];
      return f(f((typeof slope === 'number' ? slope : slope[j]) * h) + offset);
    }),
  sum: ({ coefficients }, inputs) =>
    inputs[0].map((_, j) => sum(inputs.map((each, k) => f((coefficients?.[k] ?? 1) * each[j])))),
  concat: (_node, inputs) => inputs.flat(),
  clamp: (_node, [v, c, r]) => v.map((x, j) => Math.max(Math.min(x, f(c[j] + r[j])), f(c[j] - r[j]))),
  opaque: UNRESOLVED.opaque,
  max: ({ windows: { offsets, members }, lifts }, [x]) =>
    Array.from({ length: offsets.length - 1 }, (_, w) => {
      const entries = Array.from(members.subarray(offsets[w], offsets[w + 1]), m => x[m]);
      const winner = lifts ? lifts.winner[w] : -1;
      return Math.max(...entries, winner >= 0 ? f(x[winner] + lifts!.lift[w]) : Number.NEGATIVE_INFINITY);
    }),
});
