import { type Matrix, matrix, matrixFromRows, PoliceError, type Rng, rowOf } from '@police/core';
import { rowRange } from '@police/core/adapter';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addInto,
  addToRows,
  addTransposedProduct,
  lengthOf,
  multiply,
  multiplyTransposed,
  stackRows,
  sumRows,
} from '../../src/numeric/matrix.js';

const at = ({ cols, data }: Matrix, i: number, j: number) => data[i * cols + j];

const transposed = (m: Matrix): Matrix =>
  matrix(
    m.cols,
    m.rows,
    Float64Array.from({ length: m.data.length }, (_, i) => at(m, i % m.rows, Math.floor(i / m.rows))),
  );

/** X Y, by the definition. */
function slowProduct(x: Matrix, y: Matrix): Matrix {
  const product = matrix(x.rows, y.cols);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < y.cols; j++)
      for (let k = 0; k < x.cols; k++) product.data[i * y.cols + j] += at(x, i, k) * at(y, k, j);
  return product;
}

/** Entries in [−1, 1], each row dense, sparse or zero, so that all ways of multiplying meet in one product. */
function randomMatrix(rng: Rng, rows: number, cols: number): Matrix {
  return matrixFromRows(
    Array.from({ length: rows }, () => {
      const share = [0, 0.05, 1][Math.floor(rng() * 3)];
      return randomArray(rng, cols).map(x => (rng() < share ? x : 0));
    }),
    cols,
  );
}

describe('products are those of the definition', () => {
  const sizes = fc.integer({ min: 1, max: 40 });
  const law = (name: string, check: (rng: Rng, n: number, k: number, m: number) => void) =>
    test(name, () => {
      fc.assert(fc.property(seeds, sizes, sizes, sizes, (seed, n, k, m) => check(seededRng(seed), n, k, m)));
    });
  /** Each side rounds k products of numbers up to 1 and their sum. */
  const tolerance = (k: number) => 2 * k * Number.EPSILON * k;

  law('X Wᵀ', (rng, n, k, m) => {
    const x = randomMatrix(rng, n, k);
    const w = randomMatrix(rng, m, k);
    const fast = multiplyTransposed(x, w);
    expect([fast.rows, fast.cols]).toEqual([n, m]);
    expectClose(fast.data, slowProduct(x, transposed(w)).data, tolerance(k), 'X Wᵀ');
  });

  law('Y W', (rng, n, k, m) => {
    const y = randomMatrix(rng, n, k);
    const w = randomMatrix(rng, k, m);
    const fast = multiply(y, w);
    expect([fast.rows, fast.cols]).toEqual([n, m]);
    expectClose(fast.data, slowProduct(y, w).data, tolerance(k), 'Y W');
  });

  law('into + Yᵀ X', (rng, n, k, m) => {
    const y = randomMatrix(rng, k, m);
    const x = randomMatrix(rng, k, n);
    const into = randomMatrix(rng, m, n);
    const expected = slowProduct(transposed(y), x).data.map((value, i) => value + into.data[i]);
    addTransposedProduct(into, y, x);
    expectClose(into.data, expected, tolerance(k + 1), 'Yᵀ X');
  });
});

test('rows: copies, views, stacks and sums', () => {
  const rows = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  const m = matrixFromRows(rows);
  rows[0][0] = 9;
  expect(Array.from(rowOf(m, 0))).toEqual([1, 2]);
  rowOf(m, 2)[1] = 7;
  expect(Array.from(rowRange(m, 1, 3).data)).toEqual([3, 4, 5, 7]);
  expect(Array.from(sumRows(m))).toEqual([9, 13]);
  expect(stackRows([m, matrix(0, 2), rowRange(m, 0, 1)], 2)).toEqual(
    matrixFromRows([
      [1, 2],
      [3, 4],
      [5, 7],
      [1, 2],
    ]),
  );
  expect(addToRows(m, [10, 20]).data).toEqual(Float64Array.of(11, 22, 13, 24, 15, 27));
  expect(matrixFromRows([], 3)).toEqual(matrix(0, 3));
});

test('addInto adds in the memory of its first matrix, and knows the columns that either may have', () => {
  const sum = matrixFromRows([[1, 2]]);
  const added = addInto(addInto(sum, matrixFromRows([[2, 3]])), matrixFromRows([[4, 5]]));
  expect(added).toEqual({ rows: 1, cols: 2, data: Float64Array.of(7, 10) });
  expect(added.data).toBe(sum.data);
  const wide = (at: number) => ({ ...matrix(1, 100), live: Int32Array.of(at, at + 1) });
  expect(addInto(wide(3), wide(90)).live).toEqual(Int32Array.of(3, 4, 90, 91));
  expect(addInto(wide(3), matrix(1, 100)).live).toBeUndefined();
  expect(addInto(matrix(1, 100), wide(3)).live).toBeUndefined();
});

test.each<[string, () => unknown]>([
  ['data of another size', () => matrix(2, 2, new Float64Array(3))],
  ['X Wᵀ', () => multiplyTransposed(matrix(2, 3), matrix(2, 2))],
  ['Y W', () => multiply(matrix(2, 3), matrix(2, 2))],
  ['Yᵀ X', () => addTransposedProduct(matrix(2, 2), matrix(3, 2), matrix(2, 2))],
  ['addToRows', () => addToRows(matrix(2, 2), [1])],
  ['stackRows', () => stackRows([matrix(1, 2)], 3)],
])('sizes that do not fit: %s', (_, call) => {
  expect(call).toThrow(PoliceError);
});

test('the length of any number of entries of any size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: -300, max: 300 }), (count, exponent) => {
      const entries = new Float64Array(count).fill(10 ** exponent);
      // Of each piece hypot keeps all digits but a few; there are three pieces at most.
      expect(lengthOf(entries) / 10 ** exponent / Math.sqrt(count)).toBeCloseTo(1, 12);
      expect(lengthOf(Array.from(entries))).toBe(lengthOf(entries));
    }),
  );
  expect(lengthOf(new Float64Array(1_000_000).fill(3))).toBeCloseTo(3000, 6);
  expect(lengthOf([])).toBe(0);
});
