import { affineFloor } from '@police/common/floor';
import { machineName } from '@police/common/program';
import { median } from '@police/common/statistics';
import type { Task } from '@police/common/task';
import { version_core } from '@tensorflow/tfjs-core';
import { type Rule, region, type TrainResult } from '../train.js';
import { table } from './format.js';

export interface Run extends TrainResult {
  readonly task: string;
  readonly rule: string;
  readonly seed: number;
  readonly steps: number;
}

/** What a report is of. */
export interface Reported {
  readonly tasks: readonly Task[];
  readonly rules: readonly Rule[];
  readonly seeds: number;
  readonly steps: number;
}

/** A table for each task: rules by seeds. */
export function qualityReport(
  runs: readonly Run[],
  { tasks, rules, seeds, steps }: Reported,
  backend: string,
): string {
  const setup = `Final mean squared error after ${steps} steps; TensorFlow.js ${version_core} ${backend}, ${machineName}. The floor is the least error of any function affine on the triangle; the unconstrained network may go below it.`;
  const sections = tasks.map(task => {
    const own = runs.filter(run => run.task === task.name && run.seed <= seeds);
    return section(task.name, own, affineFloor(task, [region]), rules, seeds, steps);
  });
  return `${setup}\n\n${sections.join('\n')}`;
}

function section(
  name: string,
  runs: readonly Run[],
  floor: number,
  rules: readonly Rule[],
  seeds: number,
  steps: number,
): string {
  const rows = rules.map(rule => {
    const own = runs.filter(run => run.rule === rule.name).sort((a, b) => a.seed - b.seed);
    const losses = own.map(({ loss }) => loss);
    return [
      rule.name,
      losses.map(loss => loss.toFixed(4)).join(', '),
      median(losses).toFixed(4),
      (median(losses) - floor).toFixed(4),
      Math.max(...own.map(({ residual }) => residual)).toExponential(1),
      median(own.map(({ seconds }) => (1000 * seconds) / steps)).toFixed(1),
    ];
  });
  return [
    `### ${name}: floor ${floor.toFixed(4)}`,
    '',
    table(['rule', `seeds 1 to ${seeds}`, 'median', 'above floor', 'residual', 'ms/step'], rows),
    '',
  ].join('\n');
}
