import { type Decision, type Matrix, matrixFromRows, type Region } from '@police/core';
import { changeCounts } from '@police/core/adapter';
import { repeatable } from '../replay-points.js';

/** What a change of a model did at points. */
export interface DecisionChange {
  /** As in `1000 points of the regions`. */
  readonly of: string;
  readonly points: number;
  /** Share of the points at which the decision is the same; 1 of a single output. */
  readonly decisionsKept: number;
  /** Share of the points at which every output is the same number. */
  readonly outputsKept: number;
  readonly largestChange: number;
}

/** Outputs `[n, out]` before and after at points `[n, D]`. */
export function changeOn(
  points: Matrix,
  of: string,
  before: Matrix,
  after: Matrix,
  decision: Decision,
): DecisionChange {
  const { decisionsChanged, outputsChanged, largestChange } = changeCounts(before, after, decision);
  const shareKept = (changed: number) => (points.rows === 0 ? 1 : (points.rows - changed) / points.rows);
  return {
    of,
    points: points.rows,
    decisionsKept: shareKept(decisionsChanged),
    outputsKept: shareKept(outputsChanged),
    largestChange,
  };
}

/** Points looked at inside and outside. */
const POINTS = 1000;

/** How many times as wide as the box around all regions the surroundings are. */
const TIMES = 3;

/** Random points of regions, as many of each. */
export function pointsIn(regions: readonly Region[]): Matrix {
  const rng = repeatable(1);
  const each = Math.ceil(POINTS / regions.length);
  return matrixFromRows(
    regions.flatMap(region => Array.from({ length: each }, () => region.sample(rng).map(Math.fround))),
  );
}

/** Random points of a box around the box of all regions, those of the regions left out. */
export function pointsAround(regions: readonly Region[]): Matrix {
  const ranges = regions.map(region => region.range(region.frame));
  const ends = Array.from({ length: regions[0].size }, (_, k) => {
    const low = ranges.reduce((min, { lo }) => Math.min(min, lo[k]), Number.POSITIVE_INFINITY);
    const high = ranges.reduce((max, { hi }) => Math.max(max, hi[k]), Number.NEGATIVE_INFINITY);
    const middle = low + (high - low) / 2;
    return { from: middle - (TIMES * (high - low)) / 2, width: TIMES * (high - low) };
  });
  const rng = repeatable(2);
  const points = Array.from({ length: POINTS }, () =>
    Float64Array.from(ends, ({ from, width }) => Math.fround(from + width * rng())),
  ).filter(x => !regions.some(region => region.contains(x)));
  return matrixFromRows(points, regions[0].size);
}
