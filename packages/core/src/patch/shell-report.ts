import { type Matrix, rowOf } from '../numeric/matrix.js';
import { LEVELS } from './probes.js';

/** Which output is the decision, the first of several. */
export type Decision = 'largest' | 'smallest';

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
  let changed = 0;
  let kept = 0;
  let largestChange = 0;
  for (let i = 0; i < before.rows; i++) {
    const old = rowOf(before, i);
    const now = rowOf(after, i);
    const change = old.reduce((max, y, j) => Math.max(max, Math.abs(now[j] - y)), 0);
    largestChange = Math.max(largestChange, change);
    changed += Number(change !== 0);
    kept += Number(decide(old, decision) === decide(now, decision));
  }
  const share = (count: number) => (before.rows === 0 ? 0 : count / before.rows);
  return {
    changed: share(changed),
    largestChange,
    decisionsKept: before.rows === 0 ? 1 : share(kept),
  };
}

/** Points on rays `[n, D]`, {@link LEVELS} to a ray, and the values there before and after `[n, out]`. */
export function shellReport(points: Matrix, before: Matrix, after: Matrix, decision: Decision): ShellReport {
  const inShell = Array.from({ length: points.rows }, (_, i) => i).filter(i => LEVELS[i % LEVELS.length] < 1);
  const kept = inShell.filter(i => decide(rowOf(before, i), decision) === decide(rowOf(after, i), decision));
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

function decide(values: Float64Array, by: Decision): number {
  const sign = by === 'largest' ? 1 : -1;
  let best = 0;
  values.forEach((y, j) => {
    if (sign * y > sign * values[best]) best = j;
  });
  return best;
}
