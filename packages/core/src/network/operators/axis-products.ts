import type { SparseOrigin } from './origin.js';
import { assertShape, type Shape, sizeOf } from './shapes.js';
import { type Sparse, sparse } from './sparse.js';

/** A linear map of one axis with rational weights: output o is Σ numerators[e] · x[positions[e]] / denominator. */
export interface AxisMap {
  readonly inSize: number;
  readonly rows: readonly AxisRow[];
}

export interface AxisRow {
  /** Rising. */
  readonly positions: readonly number[];
  /** Integers, as many as positions. */
  readonly numerators: readonly number[];
  /** A positive integer. */
  readonly denominator: number;
}

/** Leaves the axis as it is. */
export function sameAxis(size: number): AxisMap {
  return { inSize: size, rows: Array.from({ length: size }, (_, i) => ones([i], 1)) };
}

/** The plain sum over some positions, divided by `denominator`. */
export function ones(positions: readonly number[], denominator: number): AxisRow {
  return { positions, numerators: positions.map(() => 1), denominator };
}

interface FractionRows {
  rowStart: Int32Array;
  columns: Int32Array;
  numerators: Float64Array;
  /** One per row. */
  denominators: Float64Array;
}

/**
 * The operator that maps every axis of a tensor by its own map: pooling, linear interpolation, mean and sum. Its
 * weights are products of fractions, rounded once; where all denominators are powers of two they are exact.
 */
export function axisProducts(axes: readonly AxisMap[], origin: SparseOrigin, outShape?: Shape): Sparse {
  const full = axes.map(({ rows }) => rows.length);
  assertShape(
    axes.map(({ inSize }) => inSize),
    'axisProducts shape',
  );
  assertShape(full, 'axisProducts outShape');
  const one: FractionRows = {
    rowStart: Int32Array.of(0, 1),
    columns: new Int32Array(1),
    numerators: Float64Array.of(1),
    denominators: Float64Array.of(1),
  };
  const { rowStart, columns, numerators, denominators } = axes.reduce(timesAxis, one);
  const values = numerators.slice();
  denominators.forEach((denominator, j) => {
    for (let e = rowStart[j]; e < rowStart[j + 1]; e++) values[e] /= denominator;
  });
  const weightRoundings = denominators.every(isPowerOfTwo) ? 0 : 1;
  return sparse(
    {
      inSize: sizeOf(axes.map(({ inSize }) => inSize)),
      rows: { rowStart, columns, values },
      weightRoundings,
      outShape: outShape ?? full,
    },
    origin,
  );
}

function isPowerOfTwo(x: number): boolean {
  return Number.isInteger(Math.log2(x)) && 2 ** Math.log2(x) === x;
}

function timesAxis(before: FractionRows, { inSize, rows }: AxisMap): FractionRows {
  const count = before.denominators.length;
  const entriesPerRow = rows.reduce((sum, { positions }) => sum + positions.length, 0);
  const entries = before.columns.length * entriesPerRow;
  const product: FractionRows = {
    rowStart: new Int32Array(count * rows.length + 1),
    columns: new Int32Array(entries),
    numerators: new Float64Array(entries),
    denominators: new Float64Array(count * rows.length),
  };
  let row = 0;
  let entry = 0;
  for (let j = 0; j < count; j++) {
    for (const { positions, numerators, denominator } of rows) {
      for (let e = before.rowStart[j]; e < before.rowStart[j + 1]; e++) {
        for (let s = 0; s < positions.length; s++) {
          product.columns[entry] = before.columns[e] * inSize + positions[s];
          product.numerators[entry++] = before.numerators[e] * numerators[s];
        }
      }
      product.denominators[row++] = before.denominators[j] * denominator;
      product.rowStart[row] = entry;
    }
  }
  return product;
}
