import { bandLegend } from '../draw/field.js';
import type { Panel, Table } from '../draw/layout.js';
import { fieldOf, fieldPanel, targetField } from '../draw/panels.js';
import { type Case, curvePanel, LOSS_HEAD, lastOf, notesOf, recordsOf, ruleHeads, rules } from './case.js';
import type { NetworkRecord, Results } from './figure.js';

export const LEGEND: NonNullable<Table['legend']> = { width: 150, drawing: bandLegend(150) };

/** The heads of a comparison's columns. */
export const COMPARISON_HEADS = ['target', ...ruleHeads, LOSS_HEAD] as const;

export interface Row {
  readonly panels: readonly Panel[];
  readonly records: readonly NetworkRecord[];
}

/** The target, the three rules' networks, and their losses: a row of a comparison. */
export function comparisonRow(picture: string, spec: Case, results: Results): Row {
  const records = recordsOf(picture, spec, results);
  const { task, regions } = spec;
  return {
    records,
    panels: [
      { drawing: fieldPanel(targetField(task), task.window, regions) },
      ...rules.map((rule, i) => ({
        drawing: fieldPanel(fieldOf(lastOf(spec, rule, results).network, task.window), task.window, regions),
        notes: notesOf(records[i]),
      })),
      curvePanel(spec, results, records[0].floor),
    ],
  };
}
