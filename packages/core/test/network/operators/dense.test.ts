import { ball, box, type Matrix, matrix, type Rng } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { randomArray, seededRng } from '@police/testing/helpers';
import { integer } from '@police/testing/operators/oracles';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { addAxesGradient, linearOnAxes, readsAxes } from '../../../src/frames/axial-frame.js';
import { dense } from '../../../src/network/operators/dense.js';
import { multiply, multiplyTransposed } from '../../../src/numeric/matrix.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';
import { useProducts } from '../../../src/numeric/tap-product.js';

afterEach(() => useProducts(undefined));

/** Rows of which a share of the columns, and of the entries of the others, is in use. */
function block(rng: Rng, rows: number, cols: number): Matrix {
  const [columns, entries] = [rng(), rng() < 0.5 ? 1 : rng()];
  const isUsed = Array.from({ length: cols }, () => rng() < columns);
  const data = Float64Array.from(randomArray(rng, rows * cols), (value, i) =>
    isUsed[i % cols] && rng() < entries ? value : 0,
  );
  return matrix(rows, cols, data);
}

/** Every entry a sum in index order: `[rows, cols]` of Σ over k of `term`. */
function summed(
  rows: number,
  cols: number,
  count: number,
  term: (i: number, j: number, k: number) => number,
): number[] {
  return Array.from({ length: rows * cols }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += term(Math.floor(at / cols), at % cols, k);
    return sum;
  });
}

const at = ({ cols, data }: Matrix, i: number, j: number): number => data[i * cols + j];

function expectProducts(rng: Rng, n: number, size: number, units: number): void {
  const weight = matrix(units, size, Float64Array.from(randomArray(rng, units * size)));
  const [layer, x, y] = [dense(weight), block(rng, n, size), block(rng, n, units)];
  expect(Array.from(layer.linear(x).data)).toEqual(
    summed(n, units, size, (i, j, k) => at(x, i, k) * at(weight, j, k)),
  );
  expect(Array.from(layer.adjoint(y).data)).toEqual(
    summed(n, size, units, (i, j, k) => at(y, i, k) * at(weight, k, j)),
  );
  expect(Array.from(layer.magnitude(x).data)).toEqual(
    summed(n, units, size, (i, j, k) => at(x, i, k) * Math.abs(at(weight, j, k))),
  );
  const into = layer.zeroGradient();
  layer.accumulateGradient(into, x, y);
  const term = (i: number, j: number, k: number) => at(y, k, i) * at(x, k, j);
  const gradient = summed(units, size, n, term);
  const sizes = summed(units, size, n, (i, j, k) => Math.abs(term(i, j, k)));
  // Both are sums of the same n rounded terms, in orders of their own.
  into.weight.data.forEach((value, k) => {
    expect(Math.abs(value - gradient[k])).toBeLessThanOrEqual(2 * sumErrorBound(n, sizes[k]));
  });
}

describe.each(['plain', 'fast'])(
  '%s products of blocks with columns of zeros, to the bit, and their gradients',
  products => {
    const load = () => products === 'plain' || expect(useFastProducts()).toBe(true);

    test('of any size', () => {
      load();
      fc.assert(
        fc.property(fc.nat(), seed => {
          const rng = seededRng(seed);
          expectProducts(rng, integer(rng, 1, 40), integer(rng, 1, 40), integer(rng, 1, 40));
        }),
        { numRuns: 60 },
      );
    });

    test('so large that gradients are the kernel’s', () => {
      load();
      for (let seed = 0; seed < 3; seed++) expectProducts(seededRng(seed), 130, 150, 130);
    });

    test('so large that weights are taken by slices', () => {
      load();
      const [units, size] = [1030, 1025];
      // Few rows are multiplied one by one; of more the columns that are not 0 are looked for.
      for (const [seed, rows] of [2, 8, 8, 8].entries()) {
        const rng = seededRng(seed);
        const weight = matrix(units, size, Float64Array.from(randomArray(rng, units * size)));
        const magnitudes = matrix(units, size, weight.data.map(Math.abs));
        const [layer, x, y] = [dense(weight), block(rng, rows, size), block(rng, rows, units)];
        expect(layer.linear(x).data).toEqual(multiplyTransposed(x, weight).data);
        expect(layer.magnitude(x).data).toEqual(multiplyTransposed(x, magnitudes).data);
        expect(layer.adjoint(y).data).toEqual(multiply(y, weight).data);
      }
    });
  },
);

test.each(['plain', 'fast'])('%s gradients are added to what is there', products => {
  if (products === 'fast') expect(useFastProducts()).toBe(true);
  const rng = seededRng(5);
  const [n, size, units] = [130, 150, 130];
  const layer = dense(matrix(units, size));
  const [x, y] = [block(rng, n, size), block(rng, n, units)];
  const [once, more] = [layer.zeroGradient(), layer.zeroGradient()];
  layer.accumulateGradient(once, x, y);
  more.weight.data.fill(3);
  layer.accumulateGradient(more, x, y);
  const sizes = summed(units, size, n, (i, j, k) => Math.abs(at(y, k, i) * at(x, k, j)));
  more.weight.data.forEach((value, k) => {
    const bound = 2 * sumErrorBound(n + 1, 3 + sizes[k]);
    expect(Math.abs(value - 3 - once.weight.data[k])).toBeLessThanOrEqual(bound);
  });
});

test('a frame along the axes needs no product, to the bit', () => {
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), (seed, isBall) => {
      const rng = seededRng(seed);
      const [size, units] = [integer(rng, 1, 12), integer(rng, 1, 9)];
      const centre = randomArray(rng, size);
      const radii = Array.from({ length: size }, () => 0.1 + rng());
      const region = isBall
        ? ball(centre, 0.1 + rng())
        : box(
            centre.map((c, i) => c - radii[i]),
            centre.map((c, i) => c + radii[i]),
          );
      const layer = dense(matrix(units, size, Float64Array.from(randomArray(rng, units * size))));
      expect(readsAxes(layer, region, region.frame)).toBe(true);
      expect(linearOnAxes(layer, region).data).toEqual(layer.linear(region.frame).data);
      const dy = block(rng, size + 1, units);
      const [got, want] = [matrix(units, size), layer.zeroGradient()];
      addAxesGradient(got, region, dy);
      const directions = (m: Matrix) => matrix(size, m.cols, m.data.slice(m.cols));
      layer.accumulateGradient(want, directions(region.frame), directions(dy));
      expect(got.data).toEqual(want.weight.data);
    }),
  );
});
