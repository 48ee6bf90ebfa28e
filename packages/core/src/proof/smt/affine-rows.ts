import { PoliceError } from '../../errors.js';
import type { AffineOperator } from '../../network/affine-operator.js';
import type { AffineNode } from '../../network/nodes.js';
import type { AffineContract } from '../../network/operators/contract.js';
import type { Fixed } from '../../network/operators/fixed.js';
import type { Sparse } from '../../network/operators/sparse.js';
import { type Fraction, fraction, fractionOf, ONE } from '../../numeric/fraction.js';
import { type Matrix, matrix, rowOf } from '../../numeric/matrix.js';

/** An entry of a row of W: the number that input `index` is multiplied by. */
export interface RowEntry {
  readonly index: number;
  readonly weight: Fraction;
}

/** Row j of W, entries other than 0, asked for in rising order. */
export type Rows = (j: number) => readonly RowEntry[];

/**
 * The rows of an affine layer in exact numbers: weights as they are stored, and where core has rounded what is meant (1/c, means),
 * what is meant. Throws `unsupported-layer` where that is no rational number, or not known.
 */
export function exactRows({ name, operator }: AffineNode): Rows {
  return rowsOf(operator, name);
}

function rowsOf(operator: AffineOperator, where: string): Rows {
  switch (operator.kind) {
    case 'dense':
      return j => entriesOf(rowOf(operator.weight, j));
    case 'sparse':
      return sparseRows(operator, where);
    case 'gather':
      return j => (operator.index[j] < 0 ? [] : [{ index: operator.index[j], weight: ONE }]);
    case 'scale': {
      const { factor, groups } = operator;
      return diagonal(j => (factor ? fractionOf(factor[groups ? groups[j] : j]) : ONE));
    }
    case 'fixed':
      return fixedRows(operator, where);
    case 'permuted': {
      const { inner, inputs, outputs } = operator;
      const rows = rowsOf(inner, where);
      return j =>
        rows(outputs ? outputs.index[j] : j).map(({ index, weight }) => ({
          index: inputs ? inputs.index[index] : index,
          weight,
        }));
    }
    case 'conv':
    case 'convTranspose':
      return adjointRows(operator);
    case 'custom':
      throw notExact(
        where,
        `an operator of one's own, '${operator.name}'`,
        'Write it as a dense or sparse operator.',
      );
  }
}

function entriesOf(row: Float64Array): RowEntry[] {
  const entries: RowEntry[] = [];
  row.forEach((w, index) => {
    if (w !== 0) entries.push({ index, weight: fractionOf(w) });
  });
  return entries;
}

function diagonal(weightAt: (j: number) => Fraction): Rows {
  return j => {
    const weight = weightAt(j);
    return weight.numerator === 0n ? [] : [{ index: j, weight }];
  };
}

/** Numbers in a block of rows. */
const BLOCK = 2 ** 20;

/** Rows as adjoints of unit vectors: of a convolution each is a weight times 1, so nothing is rounded. */
function adjointRows(operator: AffineContract): Rows {
  const { inSize, outSize } = operator;
  const height = Math.max(1, Math.floor(BLOCK / Math.max(inSize, outSize)));
  let first = 0;
  let block: Matrix | undefined;
  return j => {
    if (!block || j < first || j >= first + block.rows) {
      first = j;
      const units = matrix(Math.min(height, outSize - j), outSize);
      for (let i = 0; i < units.rows; i++) units.data[i * outSize + j + i] = 1;
      block = operator.adjoint(units);
    }
    return entriesOf(rowOf(block, j - first));
  };
}

function sparseRows({ rows, terms, origin }: Sparse, where: string): Rows {
  const { rowStart, columns, values } = rows;
  const longest = rowStart.reduce((most, end, j) => Math.max(most, j > 0 ? end - rowStart[j - 1] : 0), 0);
  // Terms beyond the entries stand for the rounding of weights.
  const isExact = terms === longest;
  const isMean = origin?.kind === 'averagePool' || origin?.kind === 'meanOver';
  if (!isExact && !isMean) {
    throw notExact(
      where,
      'an interpolation whose weights are rounded',
      'Scales that are powers of two have exact ones.',
    );
  }
  const weightOf = isExact ? fractionOf : reciprocal;
  return j =>
    Array.from(columns.subarray(rowStart[j], rowStart[j + 1]), (index, i) => ({
      index,
      weight: weightOf(values[rowStart[j] + i]),
    }));
}

/** The 1/n that a mean's weight is the rounding of: different n of fewer than 2²⁶ have different ones. */
function reciprocal(weight: number): Fraction {
  return fraction(1n, BigInt(Math.round(1 / weight)));
}

function fixedRows({ origin, groups }: Fixed, where: string): Rows {
  switch (origin.kind) {
    case 'addConstant':
      return diagonal(() => ONE);
    case 'divide':
      return diagonal(j => {
        const { numerator, denominator } = fractionOf(origin.divisor[groups ? groups[j] : j]);
        return fraction(denominator, numerator);
      });
    case 'normalize':
      throw notExact(
        where,
        'a batch normalisation, which divides by a root',
        'Fold it into the layer before it, as exporters do for inference.',
      );
  }
}

function notExact(where: string, actual: string, remedy: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'a layer of rational weights for a proof in exact arithmetic',
    actual,
    remedy,
  });
}
