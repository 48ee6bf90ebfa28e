import { withBias } from '../frames/policed-pass.js';
import type { AffineNode, ConcatNode, SumNode } from '../network/nodes.js';
import { concatColumns, type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import { ROUND_UP } from './bounded-frame.js';
import { type Relaxed, type Relaxing, rounding, settled, share, standInReach } from './relaxed-value.js';

/**
 * `W v + b`: the error is |W| times what comes in, and the rounding of the products. Where all that is read is exactly 0, so is what is
 * made of it, and where something is read of which nothing is known, nothing is.
 */
export function affineRelaxed(relaxing: Relaxing, node: AffineNode, input: Relaxed): Relaxed {
  const { propagator } = relaxing;
  const { operator } = node;
  const reach = standInReach(propagator.reader, input.values);
  const through = operator.magnitude(carriedRows(reach, input.error));
  const [errors, reaches, unknown, touched] = [0, 1, 2, 3].map(row => rowOf(through, row));
  const error = errors.map((carried, j) => {
    if (unknown[j] > 0) return Number.POSITIVE_INFINITY;
    if (touched[j] === 0) return 0;
    const size = reaches[j] + Math.abs(operator.bias[j]);
    return (carried + rounding(relaxing, operator.terms + 2, size)) * ROUND_UP;
  });
  return settled(withBias(node, propagator.linear(node, [input.values])), error, input.isAffine);
}

/** What |W| is applied to: errors, reaches, and which entries are unknown, or other than 0. No infinity times 0 comes up. */
function carriedRows(reach: Float64Array, error: Float64Array): Matrix {
  const size = error.length;
  const isKnown = error.map(e => Number(e < Number.POSITIVE_INFINITY));
  const rows = matrix(4, size);
  for (let j = 0; j < size; j++) {
    const known = isKnown[j] ? error[j] : 0;
    rows.data[j] = known;
    rows.data[size + j] = reach[j] + known;
    rows.data[2 * size + j] = 1 - isKnown[j];
    rows.data[3 * size + j] = Number(reach[j] > 0 || error[j] > 0);
  }
  return rows;
}

export function sumRelaxed(relaxing: Relaxing, node: SumNode, inputs: readonly Relaxed[]): Relaxed {
  const { propagator } = relaxing;
  const values = propagator.linear(
    node,
    inputs.map(input => input.values),
  );
  const reaches = inputs.map(input => standInReach(propagator.reader, input.values));
  const coefficient = (i: number) => node.coefficients?.[i] ?? 1;
  const error = inputs[0].error.map((_, j) => {
    const total = (each: (i: number) => number) =>
      inputs.reduce((sum, _input, i) => sum + share(coefficient(i), each(i)), 0);
    const carried = total(i => inputs[i].error[j]);
    const isZero = inputs.every(
      (input, i) => coefficient(i) === 0 || (reaches[i][j] === 0 && input.error[j] === 0),
    );
    if (isZero) return 0;
    return (carried + rounding(relaxing, inputs.length + 2, total(i => reaches[i][j]) + carried)) * ROUND_UP;
  });
  return settled(
    values,
    error,
    inputs.every(({ isAffine }) => isAffine),
  );
}

export function concatRelaxed(
  { propagator }: Relaxing,
  node: ConcatNode,
  inputs: readonly Relaxed[],
): Relaxed {
  return {
    values: propagator.linear(
      node,
      inputs.map(({ values }) => values),
    ),
    isAffine: inputs.every(({ isAffine }) => isAffine),
    error: rowOf(concatColumns(inputs.map(({ error }) => ({ rows: 1, cols: error.length, data: error }))), 0),
  };
}
