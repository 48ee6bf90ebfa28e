import { type Matrix, matrix, multiply, multiplyTransposed, transposed } from '../../numeric/matrix.js';
import { spectralFunction, symmetricEigen } from '../../numeric/symmetric-eigen.js';
import type { ConvexSet } from '../convex-set.js';

/** Matrices `[n, n]` of which (X + Xᵀ) / 2 has eigenvalues at most `largest`: those above are cut to it, the skew part stays. */
export function symmetricPartBelow(n: number, largest: number): ConvexSet {
  return {
    project: s => {
      const eigen = symmetricEigen(matrix(n, n, s.slice()));
      const excess = eigen.values.map(x => Math.max(0, x - largest));
      if (excess.every(e => e === 0)) return { point: s, along: v => v };
      const over = spectralFunction(eigen, x => Math.max(0, x - largest));
      const along = (v: Float64Array) => {
        const moved = excessAlong(eigen.values, excess, eigen.vectors, symmetricPart(n, v));
        return v.map((x, i) => x - moved.data[i]);
      };
      return { point: s.map((x, i) => x - over.data[i]), along };
    },
  };
}

function symmetricPart(n: number, v: Float64Array): Matrix {
  return matrix(
    n,
    n,
    v.map((x, i) => (x + v[(i % n) * n + Math.floor(i / n)]) / 2),
  );
}

/** The derivative of a spectral function along a symmetric H: divided differences in the eigenbasis (Daleckii & Krein). */
function excessAlong(lambda: Float64Array, g: Float64Array, vectors: Matrix, h: Matrix): Matrix {
  const n = lambda.length;
  const size = lambda.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const inside = multiplyTransposed(multiply(vectors, h), vectors);
  inside.data.forEach((x, i) => {
    const [p, q] = [Math.floor(i / n), i % n];
    const apart = lambda[p] - lambda[q];
    const slope = Math.abs(apart) > 2 ** -40 * size ? (g[p] - g[q]) / apart : g[p] > 0 ? 1 : 0;
    inside.data[i] = slope * x;
  });
  return multiply(transposed(vectors), multiply(inside, vectors));
}
