import type { ConstraintReportOptions, LoggedReport } from '@police/core';
import { constraintLogOf } from '@police/core/adapter';
import type { PolicedNetwork } from './policed-network.js';

/**
 * What a schedule of `Trainer.train` does to report on a constrained network, as `activate` computes it.
 *
 * @example
 * new Trainer(policed).train(set, { schedule: { every: 10, do: constraintLog(policed, report => console.log(report)) } });
 */
export function constraintLog(
  policed: PolicedNetwork,
  log: (report: LoggedReport) => void,
  options: ConstraintReportOptions = {},
): (state: { readonly iterations: number; readonly error: number }) => void {
  return constraintLogOf(policed, x => policed.activate(x), log, options);
}
