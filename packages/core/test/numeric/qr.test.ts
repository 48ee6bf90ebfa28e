import { matrix, matrixFromRows, rowOf } from '@police/core';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { Matrix as DenseMatrix, QrDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { type Matrix, multiplyTransposed, norm } from '../../src/numeric/matrix.js';
import { isFullRank, qrFactors } from '../../src/numeric/qr.js';

/** Householder's QR is off by γ of about its sizes, column by column; a factor of 8 holds for any arrangement of the sums. */
const roundingOf = ({ rows, cols }: Matrix): number => 8 * rows * cols * 2 ** -53;

/** A column in each row, at most as many as entries; of very different lengths. */
const tall = fc
  .record({ seed: seeds, rows: fc.integer({ min: 1, max: 9 }), more: fc.integer({ min: 0, max: 6 }) })
  .map(({ seed, rows, more }) => {
    const rng = seededRng(seed);
    const scales = Array.from({ length: rows }, () => 10 ** (9 * (2 * rng() - 1)));
    const cols = rows + more;
    return matrixFromRows(scales.map(scale => randomArray(rng, cols).map(x => x * scale)));
  });

describe('QR of columns of any lengths', () => {
  test('Q R is the matrix, column by column; Q has orthonormal columns; R is triangular', () => {
    fc.assert(
      fc.property(tall, m => {
        const { upper, axes } = qrFactors(m);
        const [q, n] = [axes(), m.rows];
        for (let j = 0; j < n; j++) {
          const left = rowOf(m, j).slice();
          for (let i = 0; i < n; i++) {
            if (i > j) expect(upper.data[i * n + j]).toBe(0);
            for (let k = 0; k < m.cols; k++) left[k] -= upper.data[i * n + j] * q.data[i * m.cols + k];
          }
          expect(norm(left)).toBeLessThanOrEqual(roundingOf(m) * norm(rowOf(m, j)));
        }
        const products = multiplyTransposed(q, q);
        for (let i = 0; i < n * n; i++)
          expect(Math.abs(products.data[i] - (i % (n + 1) === 0 ? 1 : 0))).toBeLessThanOrEqual(roundingOf(m));
      }),
    );
  });

  test('a solution’s residual is orthogonal to every column, and as small as ml-matrix’s', () => {
    fc.assert(
      fc.property(tall, seeds, (m, seed) => {
        const y = Float64Array.from(randomArray(seededRng(seed), m.cols));
        const x = qrFactors(m).solve(y);
        const left = residual(m, x, y);
        const columns = new DenseMatrix(
          Array.from({ length: m.rows }, (_, i) => [...rowOf(m, i)]),
        ).transpose();
        const theirs = new QrDecomposition(columns).solve(DenseMatrix.columnVector([...y])).to1DArray();
        // What either misses by, in units of what its own sums add up.
        const size = norm(y) + x.reduce((sum, value, i) => sum + Math.abs(value) * norm(rowOf(m, i)), 0);
        expect(Math.abs(norm(left) - norm(residual(m, theirs, y)))).toBeLessThanOrEqual(roundingOf(m) * size);
        for (let i = 0; i < m.rows; i++) {
          const dot = rowOf(m, i).reduce((sum, value, k) => sum + value * left[k], 0);
          expect(Math.abs(dot)).toBeLessThanOrEqual(roundingOf(m) * size * norm(rowOf(m, i)));
        }
      }),
    );
  });

  test('a column of zeros is no full rank, and everything stays finite but solutions', () => {
    const factors = qrFactors(
      matrixFromRows([
        [0, 0, 0],
        [1, 2, 2],
      ]),
    );
    expect(isFullRank(factors)).toBe(false);
    expect(Array.from(factors.upper.data)).toEqual([0, 1, 0, -Math.sqrt(8)].map(x => expect.closeTo(x, 12)));
    expect(factors.axes().data.every(Number.isFinite)).toBe(true);
    expect(
      isFullRank(
        qrFactors(
          matrixFromRows([
            [0, 3],
            [1, 1],
          ]),
        ),
      ),
    ).toBe(true);
    expect(qrFactors(matrix(0, 3)).upper.data).toHaveLength(0);
  });

  test('neither overflows nor underflows at the ends of the range', () => {
    for (const scale of [1e-300, 1e300]) {
      const { upper } = qrFactors(matrixFromRows([[3 * scale, 4 * scale]]));
      expect(Math.abs(upper.data[0]) / scale).toBeCloseTo(5, 12);
    }
  });
});

function residual(m: Matrix, x: ArrayLike<number>, y: Float64Array): Float64Array {
  const left = y.slice();
  for (let i = 0; i < m.rows; i++) for (let k = 0; k < m.cols; k++) left[k] -= x[i] * m.data[i * m.cols + k];
  return left;
}
