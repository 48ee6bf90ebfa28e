import { matrixFromRows, rowOf } from '@police/core';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { Matrix as DenseMatrix, pseudoInverse as oracle, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { largestEntry, type Matrix, multiply, multiplyTransposed, norm } from '../../src/numeric/matrix.js';
import {
  leastNormSolution,
  pseudoInverse,
  rankOf,
  singularValues,
} from '../../src/numeric/singular-values.js';

/** A backward-stable decomposition is off by a small multiple of its sizes, in units of the largest singular value. */
const roundingOf = ({ rows, cols }: Matrix): number => 16 * (rows + cols) * 2 ** -53;

interface Case {
  readonly m: Matrix;
  readonly rank: number;
}

/** Products of random `[R, r]` and `[r, C]`, of rank r, at scales apart. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    seed: seeds,
    rows: fc.integer({ min: 1, max: 8 }),
    cols: fc.integer({ min: 1, max: 8 }),
    rank: fc.integer({ min: 0, max: 8 }),
    exponent: fc.integer({ min: -9, max: 9 }),
  })
  .map(({ seed, rows, cols, rank, exponent }) => {
    const rng = seededRng(seed);
    const r = Math.min(rank, rows, cols);
    const random = (n: number, size: number) =>
      matrixFromRows(
        Array.from({ length: n }, () => randomArray(rng, size)),
        size,
      );
    const product = multiply(random(rows, r), random(r, cols));
    return { m: { ...product, data: product.data.map(x => x * 10 ** exponent) }, rank: r };
  });

const rowsOf = (m: Matrix): number[][] => Array.from({ length: m.rows }, (_, i) => [...rowOf(m, i)]);

describe('singular values', () => {
  test('Σ σ u vᵀ is the matrix, u and v are orthonormal, σ falls and agrees with ml-matrix', () => {
    fc.assert(
      fc.property(cases, ({ m }) => {
        const { values, left, right } = singularValues(m);
        const [largest = 0] = values;
        const sum = m.data.slice();
        values.forEach((value, k) => {
          for (let i = 0; i < m.rows; i++)
            for (let j = 0; j < m.cols; j++)
              sum[i * m.cols + j] -= value * left.data[k * m.rows + i] * right.data[k * m.cols + j];
        });
        expect(norm(sum)).toBeLessThanOrEqual(roundingOf(m) * largest);
        for (const basis of [left, right]) {
          const products = multiplyTransposed(basis, basis);
          for (let i = 0; i < products.data.length; i++)
            expect(Math.abs(products.data[i] - (i % (basis.rows + 1) === 0 ? 1 : 0))).toBeLessThanOrEqual(
              roundingOf(m),
            );
        }
        const { diagonal } = new SingularValueDecomposition(new DenseMatrix(rowsOf(m)), {
          autoTranspose: true,
        });
        diagonal.forEach((value, k) => {
          expect(Math.abs(value - (values[k] ?? 0))).toBeLessThanOrEqual(roundingOf(m) * largest);
          if (k > 0 && k < values.length) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
        });
      }),
    );
  });

  test('the rank is that of the factors', () => {
    fc.assert(
      fc.property(
        cases.filter(({ m, rank }) => isWellConditioned(m, rank)),
        ({ m, rank }) => {
          expect(rankOf(m, singularValues(m))).toBe(rank);
        },
      ),
    );
  });

  test('m⁺ is ml-matrix’s, and m⁺ y what leastNormSolution finds', () => {
    fc.assert(
      fc.property(
        cases.filter(({ m, rank }) => rank > 0 && isWellConditioned(m, rank)),
        seeds,
        ({ m, rank }, seed) => {
          const inverse = pseudoInverse(m, singularValues(m));
          const theirs = oracle(new DenseMatrix(rowsOf(m)), 1e-10).to1DArray();
          // First-order perturbation: ‖m⁺‖² times what m is off by.
          const size = largestEntry(inverse.data) * conditionOf(m, rank) * (m.rows + m.cols);
          inverse.data.forEach((x, i) => {
            expect(Math.abs(x - theirs[i])).toBeLessThanOrEqual(roundingOf(m) * size);
          });
          const y = matrixFromRows(Array.from({ length: m.rows }, () => randomArray(seededRng(seed), 2)));
          const solution = leastNormSolution(m, y);
          multiply(inverse, y).data.forEach((x, i) => {
            expect(Math.abs(x - solution.data[i])).toBeLessThanOrEqual(roundingOf(m) * size * norm(y.data));
          });
        },
      ),
    );
  });

  test('at the ends of the range of numbers', () => {
    for (const scale of [1e-200, 1e200]) {
      const { values } = singularValues(
        matrixFromRows([
          [3 * scale, 0],
          [0, -4 * scale],
        ]),
      );
      expect(Array.from(values, x => x / scale)).toEqual([expect.closeTo(4, 12), expect.closeTo(3, 12)]);
    }
  });
});

/** σ₀ / σᵣ₋₁. */
function conditionOf(m: Matrix, rank: number): number {
  const { diagonal } = new SingularValueDecomposition(new DenseMatrix(rowsOf(m)), { autoTranspose: true });
  return diagonal[0] / diagonal[rank - 1];
}

/** Whether the rank that was built in can be told from rounding. */
const isWellConditioned = (m: Matrix, rank: number): boolean => rank === 0 || conditionOf(m, rank) < 1e6;
