import { bandLegend } from '../draw/field.js';
import type { Head, Panel, Table } from '../draw/layout.js';
import { fieldOf, fieldPanel, targetField } from '../draw/panels.js';
import { type Case, curvePanel, headsOf, LOSS_HEAD, lastOf, notesOf, recordsOf, rules } from './case.js';
import type { NetworkRecord, Results, Rule } from './figure.js';

export const LEGEND: NonNullable<Table['legend']> = { width: 150, drawing: bandLegend(150) };

/** The heads of a comparison's columns. */
export const comparisonHeads = (some: readonly Rule[]): (string | Head)[] => [
  'target',
  ...headsOf(some),
  LOSS_HEAD,
];
export const COMPARISON_HEADS: readonly (string | Head)[] = comparisonHeads(rules);

export interface Row {
  readonly panels: readonly Panel[];
  readonly records: readonly NetworkRecord[];
}

/** The target, the rules' networks, and their losses: a row of a comparison. */
export function comparisonRow(
  picture: string,
  spec: Case,
  results: Results,
  some: readonly Rule[] = rules,
): Row {
  const records = recordsOf(picture, spec, results, some);
  const { task, regions } = spec;
  return {
    records,
    panels: [
      { drawing: fieldPanel(targetField(task), task.window, regions) },
      ...some.map((rule, i) => ({
        drawing: fieldPanel(fieldOf(lastOf(spec, rule, results).network, task.window), task.window, regions),
        notes: notesOf(records[i]),
      })),
      curvePanel(spec, results, records[0].floor, some),
    ],
  };
}
