import { type Decision, type Matrix, matrix } from '@police/core';
import { changeCounts } from '@police/core/adapter';
import type { Samples } from './domain.js';

/** What was changed outside the regions, on samples. */
export interface Harm {
  /** As in `on 2,000 points of …`. */
  readonly of: string;
  /** How many were looked at: fewer than asked for where the model is slow. */
  readonly points: number;
  /** At how many the decision is another, and some output another number. */
  readonly decisionsChanged: number;
  readonly outputsChanged: number;
  readonly largestChange: number;
  /** Outputs of the model; one decides nothing. */
  readonly outputs: number;
}

/** Multiply-adds for all samples, most of a second: of a larger model fewer are looked at, but some, and as many in every run. */
const MOST_WORK = 2 ** 30;
const LEAST_POINTS = 8;

/** Samples at a time. */
const BLOCK = 100;

/** Values `[n, out]` before and after, of a block of points that begins at row `from` of all. */
type Before = (points: Matrix, from: number) => Matrix | Promise<Matrix>;
type After = (points: Matrix, from: number, before: Matrix) => Matrix;

/** How many of so many points are looked at. `work`: multiply-adds that one takes, as far as they are known. */
export function pointsWorth(work: number, points: number): number {
  return Math.min(points, Math.max(LEAST_POINTS, Math.floor(MOST_WORK / work)));
}

/** `work` as of {@link pointsWorth}. */
export async function harmOn(
  { points, of }: Samples,
  work: number,
  before: Before,
  after: After,
  decision: Decision,
): Promise<Harm> {
  const { cols } = points;
  const counted = { decisionsChanged: 0, outputsChanged: 0, largestChange: 0, outputs: 0 };
  let from = 0;
  const most = pointsWorth(work, points.rows);
  while (from < most) {
    const to = Math.min(most, from + BLOCK);
    const block = matrix(to - from, cols, points.data.slice(from * cols, to * cols));
    const old = await before(block, from);
    const now = after(block, from, old);
    counted.outputs = old.cols;
    const found = changeCounts(old, now, decision);
    counted.decisionsChanged += found.decisionsChanged;
    counted.outputsChanged += found.outputsChanged;
    counted.largestChange = Math.max(counted.largestChange, found.largestChange);
    from = to;
  }
  return { of, points: from, ...counted };
}

/** Share of decisions from which on a change is warned of. */
const MUCH = 0.01;

export function isHarmful({ decisionsChanged, points }: Harm): boolean {
  return decisionsChanged >= MUCH * points && decisionsChanged > 0;
}
