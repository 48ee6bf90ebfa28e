import type { Decision } from '../numeric/changes.js';
import { type Matrix, matrix, rowOf } from '../numeric/matrix.js';

/** What outputs are compared by: their size, and how far apart the best two of them are. */
export interface OutputScale {
  /** Mean square of an output's distance from its own mean; 1 where outputs are constant. */
  readonly variance: number;
  /** Median difference of the best two outputs over the rows where they differ; 0 without a decision. */
  readonly gap: number;
}

/** The scale of outputs `[n, m]`. */
export function outputScale(outputs: Matrix, decision: Decision): OutputScale {
  const { rows, cols, data } = outputs;
  const mean = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) mean[i % cols] += data[i] / rows;
  let square = 0;
  for (let i = 0; i < data.length; i++) square += (data[i] - mean[i % cols]) ** 2;
  const gaps = Float64Array.from({ length: rows }, (_, i) => gapOf(rowOf(outputs, i), decision))
    .filter(gap => gap > 0)
    .sort();
  return {
    variance: square > 0 ? square / data.length : 1,
    gap: gaps.length > 0 ? gaps[Math.floor(gaps.length / 2)] : 0,
  };
}

/** By how much the best output is better than the second; 0 of a single output. */
export function gapOf(outputs: Float64Array, decision: Decision): number {
  if (outputs.length < 2) return 0;
  const sorted = outputs.slice().sort();
  return decision === 'largest' ? sorted.at(-1)! - sorted.at(-2)! : sorted[1] - sorted[0];
}

/**
 * dLoss/dy `[n, m]` of y `[n, m]` against the original's outputs t: the mean over rows of
 *
 *   ‖y − t‖² / (2 m variance)  +  KL(softmax(s t / gap) ‖ softmax(s y / gap))
 *
 * where s is 1 for the largest output as decision and −1 for the smallest: outputs, and what decides between them (Hinton, Vinyals and
 * Dean 2015). Without a gap the first term alone.
 */
export function imitationGradient(
  y: Matrix,
  t: Matrix,
  { variance, gap }: OutputScale,
  decision: Decision,
): Matrix {
  const { rows, cols } = y;
  const gradient = matrix(rows, cols);
  const inverse = gap > 0 ? (decision === 'largest' ? 1 : -1) / gap : 0;
  for (let i = 0; i < rows; i++) {
    const [now, was] = [rowOf(y, i), rowOf(t, i)];
    const [p, q] = [softmax(now, inverse), softmax(was, inverse)];
    for (let j = 0; j < cols; j++) {
      const square = (now[j] - was[j]) / (cols * variance);
      gradient.data[i * cols + j] = (square + inverse * (p[j] - q[j])) / rows;
    }
  }
  return gradient;
}

function softmax(values: Float64Array, factor: number): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) most = Math.max(most, factor * value);
  const powers = values.map(value => Math.exp(factor * value - most));
  let sum = 0;
  for (const power of powers) sum += power;
  return powers.map(power => power / sum);
}
