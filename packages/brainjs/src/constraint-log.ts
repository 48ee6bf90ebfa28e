import type { ConstraintReportOptions, LoggedReport } from '@police/core';
import { constraintLogOf } from '@police/core/adapter';
import type { NetData } from './flat-layer.js';
import type { PolicedNeuralNetwork } from './policed-network.js';

/**
 * A callback for `train` that reports on a constrained network.
 *
 * @example
 * net.train(data, { callback: constraintLog(net, report => console.log(report)), callbackPeriod: 100 });
 */
export function constraintLog<InputType extends NetData, OutputType extends NetData>(
  net: PolicedNeuralNetwork<InputType, OutputType>,
  log: (report: LoggedReport) => void,
  options: ConstraintReportOptions = {},
): (state: { readonly iterations: number; readonly error: number }) => void {
  return constraintLogOf(net, x => net.runInput(Float32Array.from(x)), log, options);
}
