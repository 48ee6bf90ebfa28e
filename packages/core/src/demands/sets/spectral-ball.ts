import { type Matrix, matrix, multiply, multiplyTransposed, transposed } from '../../numeric/matrix.js';
import { singularValues } from '../../numeric/singular-values.js';
import type { ConvexSet, Projected } from '../convex-set.js';

/** Matrices `[rows, cols]` of singular values at most `radius`: those above are cut to it. */
export function spectralBall(rows: number, cols: number, radius: number): ConvexSet {
  return { project: s => projected(matrix(rows, cols, s.slice()), radius) };
}

function projected(m: Matrix, radius: number): Projected {
  const { values, left, right } = singularValues(m);
  const excess = values.map(sigma => Math.max(0, sigma - radius));
  if (excess.every(e => e === 0)) return { point: m.data, along: v => v };
  const over = combined(left, excess, right);
  return {
    point: m.data.map((x, i) => x - over.data[i]),
    along: v => {
      const moved = excessAlong(values, excess, left, right, matrix(m.rows, m.cols, v.slice()));
      return v.map((x, i) => x - moved.data[i]);
    },
  };
}

/** `Uᵀ diag(factors) V` of rows u `[r, R]`, v `[r, C]`. */
const combined = (left: Matrix, factors: Float64Array, right: Matrix): Matrix =>
  multiply(transposed(timesRows(left, factors)), right);

const timesRows = (m: Matrix, factors: Float64Array): Matrix => ({
  ...m,
  data: m.data.map((x, i) => x * factors[Math.floor(i / m.cols)]),
});

/**
 * The derivative along H of Σ g(σₖ) uₖ vₖᵀ, g(σ) = max(0, σ − radius): of a spectral function (Lewis & Sendov 2005) by divided differences, of
 * the symmetric part of Uᵀ H V those of σ, of the skew part those to −σ. What of H lies outside the span of the u or the v is at σ = 0.
 */
function excessAlong(sigma: Float64Array, g: Float64Array, left: Matrix, right: Matrix, h: Matrix): Matrix {
  const r = sigma.length;
  const inRight = multiplyTransposed(h, right); // H Vᵀ [R, r]
  const inside = multiply(left, inRight); // [r, r]
  const core = matrix(r, r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < r; j++) {
      const [x, y] = [inside.data[i * r + j], inside.data[j * r + i]];
      const plus = (g[i] + g[j]) / (sigma[i] + sigma[j]);
      core.data[i * r + j] = (quotient(sigma, g, i, j) * (x + y)) / 2 + (plus * (x - y)) / 2;
    }
  }
  const shrink = g.map((e, k) => e / sigma[k]);
  const inLeft = multiply(left, h); // U H [r, C]
  const outsideRight = minus(inLeft, multiply(inside, right));
  const outsideLeft = minus(inRight, multiply(transposed(left), inside));
  const parts = [
    multiply(transposed(left), multiply(core, right)),
    multiply(transposed(left), timesRows(outsideRight, shrink)),
    multiply(outsideLeft, timesRows(right, shrink)),
  ];
  return { ...h, data: h.data.map((_, i) => parts.reduce((sum, { data }) => sum + data[i], 0)) };
}

/** (gᵢ − gⱼ) / (σᵢ − σⱼ), or the slope where they meet. */
function quotient(sigma: Float64Array, g: Float64Array, i: number, j: number): number {
  const apart = sigma[i] - sigma[j];
  if (Math.abs(apart) > 2 ** -40 * sigma[0]) return (g[i] - g[j]) / apart;
  return g[i] > 0 ? 1 : 0;
}

const minus = (a: Matrix, b: Matrix): Matrix => ({ ...a, data: a.data.map((x, i) => x - b.data[i]) });
