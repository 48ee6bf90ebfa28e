import { paperRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { table } from '../draw/layout.js';
import { fieldOf, fieldPanel, targetField } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, notesOf, recordOf, rounded, rules, trainingOf, trainingsOf } from './case.js';
import { LEGEND } from './comparison.js';
import type { Figure } from './figure.js';

const NAME = 'evolution';
/** The steps that the paper shows, besides the last. */
const STOPS = [5, 20, 60] as const;

const caseOf = ({ evolution, side }: Scale, seed: number): Case => ({
  task: regressionTask('rays', side),
  region: 'triangle',
  regions: [paperRegions.triangle],
  setup: evolution,
  seed,
  stops: STOPS,
});

/** The paper's Fig. 3. */
export const evolution: Figure = {
  name: NAME,
  summary: 'Fig. 3: the network after 5, 20, 60 and all steps',
  trainings: (scale, seed) => trainingsOf(caseOf(scale, seed)),
  draw: (scale, seed, results) => {
    const spec = caseOf(scale, seed);
    const { task, regions } = spec;
    const rows = rules.map(rule => {
      const { snapshots } = results(trainingOf(spec, rule));
      const records = snapshots.map(snapshot => recordOf(NAME, spec, rule, results, snapshot));
      const panels = snapshots.map(({ network }, i) => ({
        drawing: fieldPanel(fieldOf(network, task.window), task.window, regions),
        notes: notesOf(records[i]),
      }));
      const target = {
        drawing: fieldPanel(targetField(task), task.window, regions),
        notes: [`floor ${rounded(records[0].floor)}`],
      };
      return { head: rule, panels: [target, ...panels], records };
    });
    const steps = rows[0].records.map(({ step }) => step);
    const svg = table({
      title: 'Affine on the triangle from the first step on',
      subtitle:
        'The same weights at the start; under either rule the network is affine on the triangle after every step.',
      heads: ['target', ...steps.map(step => `step ${step}`)],
      rows,
      legend: LEGEND,
    });
    return [{ name: NAME, svg, records: rows.flatMap(({ records }) => records) }];
  },
};
