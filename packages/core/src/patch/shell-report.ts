import { changeCounts, type Decision, decisionOf } from '../numeric/changes.js';
import { type Matrix, rowOf } from '../numeric/matrix.js';
import { LEVELS } from './probes.js';

/** What a patch did in its shell: near the region, where the function changes from the map to itself. */
export interface ShellReport {
  /** Share of points sampled there at which the decision is the same as before; 1 for a single output. */
  readonly decisionsKept: number;
  /** The largest change of an output, per length of the way, seen between neighbouring points on rays; and the original's. */
  readonly slope: number;
  readonly slopeBefore: number;
}

/** How a function was changed on samples. */
export interface Changes {
  /** Share of the samples at which some output is another number. */
  readonly changed: number;
  readonly largestChange: number;
  /** Share of the samples at which the decision is the same; 1 for a single output. */
  readonly decisionsKept: number;
}

/** Values `[n, out]` before and after. */
export function changesOf(before: Matrix, after: Matrix, decision: Decision): Changes {
  const { rows } = before;
  const { decisionsChanged, outputsChanged, largestChange } = changeCounts(before, after, decision);
  if (rows === 0) return { changed: 0, largestChange, decisionsKept: 1 };
  return {
    changed: outputsChanged / rows,
    largestChange,
    decisionsKept: (rows - decisionsChanged) / rows,
  };
}

/** Points on rays `[n, D]`, {@link LEVELS} to a ray, and the values there before and after `[n, out]`. */
export function shellReport(points: Matrix, before: Matrix, after: Matrix, decision: Decision): ShellReport {
  const inShell = Array.from({ length: points.rows }, (_, i) => i).filter(i => LEVELS[i % LEVELS.length] < 1);
  const kept = inShell.filter(
    i => decisionOf(rowOf(before, i), decision) === decisionOf(rowOf(after, i), decision),
  );
  return {
    decisionsKept: inShell.length === 0 ? 1 : kept.length / inShell.length,
    slope: largestSlope(points, after),
    slopeBefore: largestSlope(points, before),
  };
}

function largestSlope(points: Matrix, values: Matrix): number {
  let slope = 0;
  for (let i = 1; i < points.rows; i++) {
    if (i % LEVELS.length === 0) continue;
    const [from, to] = [rowOf(points, i - 1), rowOf(points, i)];
    const way = Math.sqrt(from.reduce((sum, x, k) => sum + (to[k] - x) ** 2, 0));
    if (way === 0) continue;
    const then = rowOf(values, i - 1);
    const change = rowOf(values, i).reduce((max, y, j) => Math.max(max, Math.abs(y - then[j])), 0);
    slope = Math.max(slope, change / way);
  }
  return slope;
}
