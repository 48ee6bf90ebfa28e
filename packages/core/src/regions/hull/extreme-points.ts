import { lengthOf, type Matrix, matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import {
  indexOfLargest,
  type NonNegativeFit,
  nonNegativeFit,
  productsWith,
  withOnes,
} from './convex-combination.js';
import type { Combination, HullCorners } from './hull-corners.js';

/**
 * The points `[P, d]` that are no convex combination of the others, to a tolerance, in any number of dimensions. The points
 * are in a frame of theirs: of size about 1 in every direction.
 *
 * Point by point a convex combination of the points kept is sought. On the way, as soon as what is left of a point is a
 * direction in which it is ahead of all that are kept, the farthest of all points in that direction is kept too. So a point
 * costs a least-squares problem of at most d + 1 weights a step, and one pass over all points for each that is kept.
 */
export function extremePoints(
  points: Matrix,
  tolerance: number,
  onDecided: (decided: number, kept: number) => void,
): HullCorners {
  const centred = aboutMean(points);
  const found = new Map<number, Combination>();
  const kept = growingRows(centred);
  const isSharp = new Set<number>();
  for (let p = 0; p < centred.rows; p++) {
    while (!kept.has(p)) {
      let next = -1;
      const fit = nonNegativeFit(kept.columns(), goalOf(centred, p), residual => {
        const direction = residual.subarray(0, centred.cols);
        if (!isAhead(centred, p, kept.members, direction, tolerance)) return false;
        next = farthestOf(centred, direction, tolerance, isSharp);
        return true;
      });
      if (next >= 0) {
        // Rounding may name a point already kept; then the point itself is extreme enough.
        kept.add(kept.has(next) ? p : next);
      } else {
        found.set(p, combinationOf(fit, kept.members));
        break;
      }
    }
    onDecided(p + 1, kept.members.length);
  }
  const corners = withoutRedundant(centred, kept.members, isSharp, tolerance);
  const isCorner = new Set(corners);
  const rows = withOnes(selected(centred, corners));
  return {
    kept: corners,
    combination: p => {
      const before = found.get(p);
      if (before?.members.every(q => isCorner.has(q))) return before;
      return combinationOf(nonNegativeFit(rows, goalOf(centred, p)), corners);
    },
  };
}

/** Where nothing is left to tell apart, the mean is as good an origin as any: in a direction from it a corner is ahead. */
function aboutMean(points: Matrix): Matrix {
  const { rows, cols, data } = points;
  const mean = new Float64Array(cols);
  data.forEach((x, i) => {
    mean[i % cols] += x / rows;
  });
  return matrix(
    rows,
    cols,
    data.map((x, i) => x - mean[i % cols]),
  );
}

/** Rows of the points kept, with a 1 at the end, in memory that doubles when it is full. */
function growingRows(points: Matrix) {
  const width = points.cols + 1;
  const members: number[] = [];
  const known = new Set<number>();
  let memory = new Float64Array(16 * width);
  return {
    members: members as readonly number[],
    has: (p: number) => known.has(p),
    add: (p: number) => {
      const start = members.length * width;
      if (start === memory.length) {
        const larger = new Float64Array(2 * memory.length);
        larger.set(memory);
        memory = larger;
      }
      memory.set(goalOf(points, p), start);
      members.push(p);
      known.add(p);
    },
    columns: () => matrix(members.length, width, memory.subarray(0, members.length * width)),
  };
}

function goalOf(points: Matrix, p: number): Float64Array {
  const goal = new Float64Array(points.cols + 1);
  goal.set(rowOf(points, p));
  goal[points.cols] = 1;
  return goal;
}

function selected(points: Matrix, indices: readonly number[]): Matrix {
  return matrixFromRows(
    indices.map(p => rowOf(points, p)),
    points.cols,
  );
}

/** Whether the point is farther along the direction than all others, by more than the tolerance: then so is it from their hull. */
function isAhead(
  points: Matrix,
  p: number,
  others: readonly number[],
  direction: Float64Array,
  tolerance: number,
): boolean {
  const limit = heightOf(points, p, direction) - tolerance * lengthOf(direction);
  return others.every(q => heightOf(points, q, direction) < limit);
}

function heightOf({ data, cols }: Matrix, p: number, direction: Float64Array): number {
  let height = 0;
  for (let k = 0; k < cols; k++) height += data[p * cols + k] * direction[k];
  return height;
}

/** The farthest of all; noted as sharp where no other is as far but for the tolerance. */
function farthestOf(
  points: Matrix,
  direction: Float64Array,
  tolerance: number,
  isSharp: Set<number>,
): number {
  const heights = productsWith(points, direction);
  const best = indexOfLargest(heights);
  const limit = heights[best] - tolerance * lengthOf(direction);
  if (heights.every((height, q) => q === best || height < limit)) isSharp.add(best);
  return best;
}

/** A farthest point may be one of several, in the middle of a face: drops each that the others span. */
function withoutRedundant(
  points: Matrix,
  indices: readonly number[],
  isSharp: ReadonlySet<number>,
  tolerance: number,
): number[] {
  let kept = [...indices];
  for (const p of indices) {
    if (isSharp.has(p)) continue;
    const others = kept.filter(q => q !== p);
    if (others.length === 0) break;
    const { distance } = nonNegativeFit(withOnes(selected(points, others)), goalOf(points, p));
    if (distance <= tolerance) kept = others;
  }
  return kept;
}

function combinationOf({ weights, active }: NonNegativeFit, members: readonly number[]): Combination {
  return { members: active.map(i => members[i]), weights: active.map(i => weights[i]) };
}
