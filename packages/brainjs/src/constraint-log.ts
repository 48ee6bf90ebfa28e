import type { ConstraintReport, ConstraintReportOptions, Matrix } from '@police/core';
import { constraintReport } from '@police/core/adapter';
import type { NetData } from './flat-layer.js';
import type { PolicedNeuralNetwork } from './policed-network.js';

/** A report in training, after so many passes over the data. */
export interface LoggedReport extends ConstraintReport {
  readonly iterations: number;
  readonly error: number;
}

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
  const run = ({ rows, cols, data }: Matrix): Matrix => {
    const outputs = Array.from({ length: rows }, (_, i) =>
      Array.from(net.runInput(Float32Array.from(data.subarray(i * cols, (i + 1) * cols)))),
    );
    return { rows, cols: outputs[0].length, data: Float64Array.from(outputs.flat()) };
  };
  return ({ iterations, error }) =>
    log({ iterations, error, ...constraintReport(net.regions, net.shifts, run, options) });
}
