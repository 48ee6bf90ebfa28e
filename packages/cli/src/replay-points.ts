import { type Matrix, matrix, pointsAt, type Region, type Rng } from '@police/core';

/** Uniform numbers, the same in every run: a difference that was found is found again. */
export function repeatable(seed: number): Rng {
  let state = seed >>> 0;
  return () => {
    // xorshift after a Weyl step (Marsaglia 2003).
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Points `[count, D]` of a region where random functionals are greatest: vertices, or what comes nearest. */
export function randomExtremes(region: Region, count: number, rng: Rng): Matrix {
  return pointsAt(region, randomExtremeCoordinates(region, count, rng));
}

/** The same as coordinates `[count, d + 1]`: weights of the frame's rows. */
export function randomExtremeCoordinates(region: Region, count: number, rng: Rng): Matrix {
  const h = matrix(region.frame.rows, count);
  for (let i = count; i < h.data.length; i++) h.data[i] = rng() - 0.5;
  return region.extremes(h, new Float64Array(count).fill(1));
}

/** Points `[2 m, D]` where some outputs of a map, given by rows of A `[m, D]`, are least and greatest. */
export function outputExtremes(region: Region, rows: readonly Float64Array[]): Matrix {
  const { frame } = region;
  const h = matrix(frame.rows, 2 * rows.length);
  // Entry by entry of the frame: that of a box in many dimensions is 0 nearly everywhere.
  for (let i = 0, at = 0; i < frame.rows; i++) {
    for (let k = 0; k < frame.cols; k++, at++) {
      const x = frame.data[at];
      if (x === 0) continue;
      for (let j = 0; j < h.cols; j++) h.data[i * h.cols + j] += x * rows[j >> 1][k];
    }
  }
  const side = Float64Array.from({ length: h.cols }, (_, j) => (j % 2 === 0 ? -1 : 1));
  return pointsAt(region, region.extremes(h, side));
}

/** Weights ≥ 0 that sum to 1, uniformly distributed. */
export function randomWeights(count: number, rng: Rng): Float64Array {
  const parts = Float64Array.from({ length: count }, () => -Math.log1p(-rng()));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map(part => part / sum);
}
