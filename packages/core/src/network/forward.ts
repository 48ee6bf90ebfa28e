import { assertSize } from '../errors.js';
import { columnRange, concatColumns, linearCombination, type Matrix, room } from '../numeric/matrix.js';
import { type Activation, activate, twoPieces } from './activation.js';
import { applyAffine } from './affine-operator.js';
import { clampRows } from './clamp.js';
import { applyMax } from './max-windows.js';
import type { Network } from './network.js';
import type { AffineNode, ConcatNode, SumNode } from './nodes.js';
import { UNRESOLVED } from './unresolved.js';
import { type Rules, walk, walkToEnd } from './walk.js';

/**
 * Evaluates the network on rows, `[n, inputSize] → [n, outputSize]`, in float64.
 *
 * @example
 * forward(net, matrixFromRows([[0.5, -0.5]])).data
 */
export function forward(net: Network, x: Matrix): Matrix {
  assertSize(x.cols, net.inputSize, 'forward', 'input rows');
  return walkToEnd(net, valuesAt(x));
}

/** The values after every node, `[n, size]` by name. */
export function forwardValues(net: Network, x: Matrix): ReadonlyMap<string, Matrix> {
  assertSize(x.cols, net.inputSize, 'forward', 'input rows');
  return walk(net, valuesAt(x));
}

/** What a node is on rows of the input. */
export const valuesAt = (x: Matrix): Rules<Matrix> => ({
  input: () => x,
  affine: ({ operator }, [rows]) => applyAffine(operator, rows),
  activation: ({ activation, shift }, [rows]) => applyActivation(activation, rows, shift),
  sum: LINEAR_PART.sum,
  concat: LINEAR_PART.concat,
  max: ({ windows, lifts }, [rows]) => applyMax(windows, rows, lifts),
  clamp: (_node, inputs) => clampRows(inputs),
  opaque: UNRESOLVED.opaque,
});

/** `σ(h + shift)` on every row of h `[n, units]`. */
function applyActivation(activation: Activation, h: Matrix, shift?: Float64Array): Matrix {
  const { rows, cols } = h;
  const pieces = twoPieces(activation, cols);
  const y = room(rows, cols);
  const [low, high] = pieces?.offsets ?? [0, 0];
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      const x = shift ? h.data[at] + shift[j] : h.data[at];
      if (!pieces) y.data[at] = activate(activation, x, j);
      else y.data[at] = x > pieces.at ? pieces.above[j] * x + high : pieces.below[j] * x + low;
    }
  }
  return y;
}

/** A node that is affine whatever the regions are. */
export type LinearNode = AffineNode | SumNode | ConcatNode;

/** What such nodes do to rows, biases left out. */
export const LINEAR_PART: {
  readonly [K in LinearNode['kind']]: (
    node: Extract<LinearNode, { kind: K }>,
    inputs: readonly Matrix[],
  ) => Matrix;
} = {
  affine: ({ operator }, [x]) => operator.linear(x),
  sum: ({ coefficients }, inputs) => linearCombination(inputs, coefficients),
  concat: (_node, inputs) => concatColumns(inputs),
};

/** A linear node on rows, without its bias. */
export function linearPart(node: LinearNode, inputs: readonly Matrix[]): Matrix {
  const part = LINEAR_PART[node.kind] as (node: LinearNode, inputs: readonly Matrix[]) => Matrix;
  return part(node, inputs);
}

/** The adjoints of {@link LINEAR_PART}: dLoss/dinput, one block `[n, size]` per input, from dLoss/dy `[n, outSize]`. */
export function linearAdjoints({ sizes }: Network): {
  readonly [K in LinearNode['kind']]: (node: Extract<LinearNode, { kind: K }>, dy: Matrix) => Matrix[];
} {
  return {
    affine: ({ operator }, dy) => [operator.adjoint(dy)],
    sum: ({ inputs, coefficients }, dy) =>
      inputs.map((_, i) => linearCombination([dy], [coefficients ? coefficients[i] : 1])),
    concat: ({ inputs }, dy) => {
      let start = 0;
      return inputs.map(name => {
        const from = start;
        start += sizes.get(name)!;
        return columnRange(dy, from, start);
      });
    },
  };
}
