import type { Network } from '@police/core';
import { type ActivationNode, type MaxNode, walk } from '@police/core/adapter';
import { asDense } from '../as-dense.js';
import { add, compare, type Dyadic, dot, exact, multiply, negate, subtract } from './rational.js';
import type { ExactRow } from './region.js';

type Row = readonly Dyadic[];

const exactRow = (values: ArrayLike<number>) => Array.from(values, exact);
const greater = (a: Dyadic, b: Dyadic) => (compare(a, b) >= 0 ? a : b);
const less = (a: Dyadic, b: Dyadic) => (compare(a, b) <= 0 ? a : b);

/**
 * The outputs of a network at one point in exact arithmetic, its weights taken as real numbers: over the point's weight, as the point
 * itself. Of the curved activations only the hard sigmoid, which is no curve; what `opaque` nodes are is the caller's to say.
 */
export function exactForward(
  net: Network,
  { weight, coordinates }: ExactRow,
  opaque: (name: string, inputs: readonly Row[]) => Row = () => {
    throw new Error('nothing is known of an opaque node');
  },
): Row {
  const offset = (x: number) => multiply(weight, exact(x));
  return walk<Row>(net, {
    input: () => coordinates,
    affine: ({ operator }, [x]) => {
      const { weight: W, bias } = asDense(operator);
      return Array.from(bias, (b, j) =>
        add(dot(exactRow(W.data.subarray(j * W.cols, (j + 1) * W.cols)), x), offset(b)),
      );
    },
    sum: ({ coefficients }, inputs) =>
      inputs[0].map((_, j) =>
        inputs.map((x, k) => multiply(x[j], exact(coefficients?.[k] ?? 1))).reduce(add),
      ),
    concat: (_node, inputs) => inputs.flat(),
    activation: (node, [x]) => activated(node, x, offset),
    max: (node, [x]) => largest(node, x, offset),
    clamp: (_node, [v, c, r]) => v.map((_, j) => greater(less(v[j], add(c[j], r[j])), subtract(c[j], r[j]))),
    opaque: ({ name }, inputs) => opaque(name, inputs),
  }).get(net.nodes.at(-1)!.name)!;
}

function activated({ activation, shift }: ActivationNode, x: Row, offset: (x: number) => Dyadic): Row {
  return x.map((value, j) => {
    const h = shift ? add(value, offset(shift[j])) : value;
    const on = ({ slope, offset: by }: (typeof activation.pieces)[number]) =>
      add(multiply(h, exact(typeof slope === 'number' ? slope : slope[j])), offset(by));
    if (activation.name === 'hardSigmoid')
      return greater(offset(0), less(offset(1), on(activation.pieces[1])));
    if (activation.kinks.some(({ lo, hi }) => lo !== hi)) throw new Error(`no exact ${activation.name}`);
    const above = activation.kinks.filter(({ lo }) => compare(h, offset(lo)) > 0).length;
    return on(activation.pieces[above]);
  });
}

function largest({ windows, lifts }: MaxNode, x: Row, offset: (x: number) => Dyadic): Row {
  return Array.from({ length: windows.offsets.length - 1 }, (_, w) => {
    const entries = Array.from(
      windows.members.subarray(windows.offsets[w], windows.offsets[w + 1]),
      index => x[index],
    );
    const lifted = lifts?.winner[w] ?? -1;
    if (lifted >= 0) entries.push(add(x[lifted], offset(lifts!.lift[w])));
    return entries.reduce(greater);
  });
}

/** Sign of `Σ coefficientᵢ · valueᵢ − bound` for values over a positive weight. */
export function signOf(coefficients: Row, values: Row, bound: Dyadic, weight: Dyadic): -1 | 0 | 1 {
  return compare(add(dot(coefficients, values), negate(multiply(bound, weight))), exact(0));
}
