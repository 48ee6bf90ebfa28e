import { type Matrix, rowOf } from './matrix.js';

/** Which output is the decision, the first of several. */
export type Decision = 'largest' | 'smallest';

/** The index of the decision among outputs; −1 where one of them is NaN. */
export function decisionOf(values: Float64Array, by: Decision): number {
  const extreme = by === 'largest' ? Math.max : Math.min;
  return values.indexOf(values.reduce((a, b) => extreme(a, b)));
}

/** How many rows of outputs changed. */
export interface ChangeCounts {
  /** Rows whose decision is another. */
  readonly decisionsChanged: number;
  /** Rows of which some output is another number. */
  readonly outputsChanged: number;
  /** The largest change of any output. */
  readonly largestChange: number;
}

/** Outputs `[n, out]` before and after, row by row. */
export function changeCounts(before: Matrix, after: Matrix, decision: Decision): ChangeCounts {
  const counts = { decisionsChanged: 0, outputsChanged: 0, largestChange: 0 };
  for (let i = 0; i < before.rows; i++) {
    const [was, is] = [rowOf(before, i), rowOf(after, i)];
    const change = was.reduce((most, y, j) => Math.max(most, Math.abs(is[j] - y)), 0);
    counts.outputsChanged += Number(change !== 0);
    counts.decisionsChanged += Number(decisionOf(was, decision) !== decisionOf(is, decision));
    counts.largestChange = Math.max(counts.largestChange, change);
  }
  return counts;
}
