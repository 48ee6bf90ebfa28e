import { assertSize } from '../errors.js';
import { forward } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { type Decision, decisionOf } from '../numeric/changes.js';
import { type Matrix, rowOf } from '../numeric/matrix.js';

/** What a change of a network did to its outputs on given samples. */
export interface Drift {
  /** Largest and mean absolute difference of an output. */
  readonly largestDrift: number;
  readonly meanDrift: number;
  /** Share of samples whose decision is the same output; 1 for a single output. */
  readonly decisionAgreement: number;
}

/** What counts as a decision. */
export interface DriftOptions {
  /**
   * Whether the largest or the smallest output is the decision (the first of several).
   * @defaultValue 'largest'
   */
  readonly decision?: Decision;
}

/**
 * Compares two networks on samples `[n, inputSize]`, n ≥ 1: what enforcing or freezing cost away from the regions.
 * Throws `shape`.
 *
 * @example
 * drift(net, enforce(net, regions).network, x).decisionAgreement; // 1: no decision changed
 */
export function drift(before: Network, after: Network, samples: Matrix, options: DriftOptions = {}): Drift {
  assertSize(after.outputSize, before.outputSize, 'drift', 'outputs of the second network');
  return outputDrift(forward(before, samples), forward(after, samples), options);
}

/** The same of outputs `[n, out]` before and after, n ≥ 1, where several networks are compared with one. */
export function outputDrift(old: Matrix, now: Matrix, { decision = 'largest' }: DriftOptions = {}): Drift {
  const drift = old.data.map((y, i) => Math.abs(now.data[i] - y));
  let agreed = 0;
  for (let i = 0; i < old.rows; i++) {
    agreed += Number(decisionOf(rowOf(old, i), decision) === decisionOf(rowOf(now, i), decision));
  }
  return {
    largestDrift: drift.reduce((max, d) => Math.max(max, d), 0),
    meanDrift: drift.reduce((sum, d) => sum + d, 0) / drift.length,
    decisionAgreement: agreed / old.rows,
  };
}
