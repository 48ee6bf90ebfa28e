import { type Table, table } from '../draw/layout.js';
import { fieldOf, fieldPanel } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, notesOf, recordOf, rounded, rules, trainingOf, trainingsOf } from './case.js';
import { LEGEND } from './comparison.js';
import type { Figure, NetworkRecord, Results } from './figure.js';

/** A table, and what its networks measure. */
export interface Drawn extends Table {
  readonly records: readonly NetworkRecord[];
}

/** A figure of one picture, of the networks that the rules make of some cases. */
export const caseFigure = (
  name: string,
  summary: string,
  casesOf: (scale: Scale, seed: number) => readonly Case[],
  draw: (specs: readonly Case[], results: Results) => Drawn,
): Figure => ({
  name,
  summary,
  trainings: (scale, seed) => casesOf(scale, seed).flatMap(spec => trainingsOf(spec)),
  draw: (scale, seed, results) => {
    const { records, ...drawn } = draw(casesOf(scale, seed), results);
    return [{ name, svg: table(drawn), records }];
  },
});

/** The target, and the network after some steps: a row for each rule. `more`: notes beside the usual. */
export function stepTable(
  picture: string,
  spec: Case,
  results: Results,
  { target, head, title, subtitle }: { target: string; head: string } & Pick<Table, 'title' | 'subtitle'>,
  more: (record: NetworkRecord) => string[] = () => [],
): Drawn {
  const { window } = spec.task;
  const rows = rules.map(rule => {
    const { snapshots } = results(trainingOf(spec, rule));
    const records = snapshots.map(snapshot => recordOf(picture, spec, rule, results, snapshot));
    const panels = snapshots.map(({ network }, i) => ({
      drawing: fieldPanel(fieldOf(network, window), window, spec.regions),
      notes: [...notesOf(records[i]), ...more(records[i])],
    }));
    const first = { drawing: target, notes: [`floor ${rounded(records[0].floor)}`] };
    return { head: rule, panels: [first, ...panels], records };
  });
  const steps = rows[0].records.map(({ step }) => step);
  return {
    title,
    subtitle,
    heads: [head, ...steps.map(step => `step ${step}`)],
    rows,
    legend: LEGEND,
    records: rows.flatMap(({ records }) => records),
  };
}
