import { type Matrix, matrix, multiplyTransposed } from '../numeric/matrix.js';
import { centreOf, pointsAt, type Region } from '../regions/region.js';
import { radiiOf } from './coordinates.js';

const MOST_STEPS = 1000;

/** Two points of the difference this near to each other, in radii, are one. */
const TOUCHING = 1e-9;

/**
 * A direction w `[D]` that parts two regions, max w·x over the first < min w·x over the second, nearly along the shortest way between
 * them; undefined where they meet. The point of the difference set nearest to 0, by Gilbert's algorithm (1966): only supports of the
 * regions are asked for.
 */
export function directionBetween(first: Region, second: Region): Float64Array | undefined {
  const others = radiiOf(second);
  const radii = radiiOf(first).map((r, k) => Math.max(r, others[k]));
  const from = centreOf(first);
  // In radii: v = x₂ − x₁.
  let v = centreOf(second).map((x, k) => (x - from[k]) / radii[k]);
  for (let step = 0; step < MOST_STEPS; step++) {
    const w = v.map((x, k) => x / radii[k]);
    const high = supportOf(first, w, 1);
    const difference = supportOf(second, w, -1).map((x, k) => (x - high[k]) / radii[k]);
    const length = dot(v, v);
    if (Math.sqrt(length) <= TOUCHING) return undefined;
    // Half of the shortest way will do: what is sought is room for a slope, not the distance.
    if (dot(v, difference) >= length / 2) return w;
    const towards = difference.map((x, k) => x - v[k]);
    const square = dot(towards, towards);
    if (square === 0) return undefined;
    const share = Math.min(1, Math.max(0, -dot(v, towards) / square));
    v = v.map((x, k) => x + share * towards[k]);
  }
  return undefined;
}

/** The point of a region farthest along w (side 1) or against it (−1). */
function supportOf(region: Region, w: Float64Array, side: 1 | -1): Float64Array {
  const values: Matrix = multiplyTransposed(region.frame, matrix(1, w.length, w));
  return pointsAt(region, region.extremes(values, [side])).data;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, k) => sum + x * b[k], 0);
}
