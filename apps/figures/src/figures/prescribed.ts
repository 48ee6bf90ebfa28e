import { paperRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { sizeOf, type Task } from '@police/common/task';
import { matrixFromRows, type PrescribedMap } from '@police/core';
import { fieldPanel, targetField } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, rounded } from './case.js';
import { caseFigure, stepTable } from './case-figure.js';
import type { Figure } from './figure.js';

const NAME = 'prescribed';
const STOPS = [5, 60] as const;
/** What the network is to be on the triangle: (x + y) / 4. */
const map: PrescribedMap = { A: matrixFromRows([[0.25, 0.25]]), b: [0] };

const caseOf = ({ regression, side }: Scale, seed: number): Case[] => [
  {
    task: regressionTask('wave', side),
    region: 'triangle',
    regions: [paperRegions.triangle],
    target: map,
    setup: regression,
    seed,
    stops: STOPS,
  },
];

/** The paper's Eq. 2. */
export const prescribed: Figure = caseFigure(
  NAME,
  'a map prescribed on the region (Eq. 2), held at every step',
  caseOf,
  ([spec], results) =>
    stepTable(
      NAME,
      spec,
      results,
      {
        target: fieldPanel(targetField(withMap(spec.task)), spec.task.window, spec.regions),
        head: 'target, with the map',
        title: 'A map prescribed on the triangle',
        subtitle: 'Trained on the wave; on the triangle the network is (x + y) / 4 after every step.',
      },
      record => [`off the map ${rounded(record.mapError!)}`],
    ),
);

/** The task's values, but the prescribed ones in the triangle. */
function withMap(task: Task): Task {
  const values = Float32Array.from({ length: sizeOf(task) }, (_, i) => {
    const point = task.points.subarray(2 * i, 2 * i + 2);
    return paperRegions.triangle.contains(point) ? (point[0] + point[1]) / 4 : task.values[i];
  });
  return { ...task, values };
}
