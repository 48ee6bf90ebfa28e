import { assertSize } from '../errors.js';
import {
  columnRange,
  concatColumns,
  linearCombination,
  type Matrix,
  matrix,
  rowRange,
  withLiveOf,
} from '../numeric/matrix.js';
import { Scratch, withScratch } from '../numeric/scratch.js';
import { activateRows } from './activate-rows.js';
import { applyAffine } from './affine-operator.js';
import { clampRows } from './clamp.js';
import { applyMax } from './max-windows.js';
import type { Network } from './network.js';
import type { AffineNode, ConcatNode, SumNode } from './nodes.js';
import { LEAST_ROWS, rowsTogether } from './rows-together.js';
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
  const width = [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const least = 8 * width * LEAST_ROWS <= MOST_BYTES ? LEAST_ROWS : FEWEST_ROWS;
  const atATime = rowsTogether(width, least);
  if (x.rows <= atATime) return walkToEnd(net, valuesAt(x));
  const y = matrix(x.rows, net.outputSize);
  const scratch = new Scratch();
  for (let from = 0; from < x.rows; from += atATime) {
    const rows = rowRange(x, from, Math.min(x.rows, from + atATime));
    const values = withScratch(scratch, () => walkToEnd(net, valuesAt(rows)));
    y.data.set(values.data, from * y.cols);
    scratch.reclaim();
  }
  return y;
}

/** Bytes that values may take for the least rows that are worth it; of a larger image network they outweigh the weights, and as many as two threads take at a time are enough. */
const MOST_BYTES = 2 ** 29;
const FEWEST_ROWS = 8;

/** The values after every node, `[n, size]` by name. */
export function forwardValues(net: Network, x: Matrix): ReadonlyMap<string, Matrix> {
  assertSize(x.cols, net.inputSize, 'forward', 'input rows');
  return walk(net, valuesAt(x));
}

/** What a node is on rows of the input. */
export const valuesAt = (x: Matrix): Rules<Matrix> => ({
  input: () => x,
  affine: ({ operator }, [rows]) => applyAffine(operator, rows),
  activation: ({ activation, shift }, [rows]) => activateRows(activation, rows, shift),
  sum: LINEAR_PART.sum,
  concat: LINEAR_PART.concat,
  max: ({ windows, lifts }, [rows]) => applyMax(windows, rows, lifts),
  clamp: (_node, inputs) => clampRows(inputs),
  opaque: UNRESOLVED.opaque,
});

/** A node that is affine whatever the regions are. */
export type LinearNode = AffineNode | SumNode | ConcatNode;

/** What such nodes do to rows, biases left out. */
export const LINEAR_PART: {
  readonly [K in LinearNode['kind']]: (
    node: Extract<LinearNode, { kind: K }>,
    inputs: readonly Matrix[],
  ) => Matrix;
} = {
  affine: ({ operator }, [x]) => withLiveOf([x], operator.linear(x)),
  sum: ({ coefficients }, inputs) => linearCombination(inputs, coefficients),
  concat: (_node, inputs) => withLiveOf(inputs, concatColumns(inputs)),
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
    affine: ({ operator }, dy) => [withLiveOf([dy], operator.adjoint(dy))],
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
