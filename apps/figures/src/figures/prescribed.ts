import { paperRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { sizeOf, type Task } from '@police/common/task';
import { matrixFromRows, type PrescribedMap } from '@police/core';
import { table } from '../draw/layout.js';
import { fieldOf, fieldPanel, targetField } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, notesOf, recordOf, rounded, rules, trainingOf, trainingsOf } from './case.js';
import { LEGEND } from './comparison.js';
import type { Figure } from './figure.js';

const NAME = 'prescribed';
const STOPS = [5, 60] as const;
/** What the network is to be on the triangle: (x + y) / 4. */
const map: PrescribedMap = { A: matrixFromRows([[0.25, 0.25]]), b: [0] };

const caseOf = ({ regression, side }: Scale, seed: number): Case => ({
  task: regressionTask('wave', side),
  region: 'triangle',
  regions: [paperRegions.triangle],
  target: map,
  setup: regression,
  seed,
  stops: STOPS,
});

/** The paper's Eq. 2. */
export const prescribed: Figure = {
  name: NAME,
  summary: 'a map prescribed on the region (Eq. 2), held at every step',
  trainings: (scale, seed) => trainingsOf(caseOf(scale, seed)),
  draw: (scale, seed, results) => {
    const spec = caseOf(scale, seed);
    const { window } = spec.task;
    const wanted = withMap(spec.task);
    const rows = rules.map(rule => {
      const { snapshots } = results(trainingOf(spec, rule));
      const records = snapshots.map(snapshot => recordOf(NAME, spec, rule, results, snapshot));
      const panels = snapshots.map(({ network }, i) => ({
        drawing: fieldPanel(fieldOf(network, window), window, spec.regions),
        notes: [...notesOf(records[i]), `off the map ${rounded(records[i].mapError!)}`],
      }));
      const target = {
        drawing: fieldPanel(targetField(wanted), window, spec.regions),
        notes: [`floor ${rounded(records[0].floor)}`],
      };
      return { head: rule, panels: [target, ...panels], records };
    });
    const steps = rows[0].records.map(({ step }) => step);
    const svg = table({
      title: 'A map prescribed on the triangle',
      subtitle: 'Trained on the wave; on the triangle the network is (x + y) / 4 after every step.',
      heads: ['target, with the map', ...steps.map(step => `step ${step}`)],
      rows,
      legend: LEGEND,
    });
    return [{ name: NAME, svg, records: rows.flatMap(({ records }) => records) }];
  },
};

/** The task's values, but the prescribed ones in the triangle. */
function withMap(task: Task): Task {
  const values = Float32Array.from({ length: sizeOf(task) }, (_, i) => {
    const point = task.points.subarray(2 * i, 2 * i + 2);
    return paperRegions.triangle.contains(point) ? (point[0] + point[1]) / 4 : task.values[i];
  });
  return { ...task, values };
}
