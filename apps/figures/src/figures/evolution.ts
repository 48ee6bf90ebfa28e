import { paperRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { fieldPanel, targetField } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import type { Case } from './case.js';
import { caseFigure, stepTable } from './case-figure.js';
import type { Figure } from './figure.js';

const NAME = 'evolution';
/** The steps that the paper shows, besides the last. */
const STOPS = [5, 20, 60] as const;

const caseOf = ({ evolution, side }: Scale, seed: number): Case[] => [
  {
    task: regressionTask('rays', side),
    region: 'triangle',
    regions: [paperRegions.triangle],
    setup: evolution,
    seed,
    stops: STOPS,
  },
];

/** The paper's Fig. 3. */
export const evolution: Figure = caseFigure(
  NAME,
  'Fig. 3: the network after 5, 20, 60 and all steps',
  caseOf,
  ([spec], results) =>
    stepTable(NAME, spec, results, {
      target: fieldPanel(targetField(spec.task), spec.task.window, spec.regions),
      head: 'target',
      title: 'Affine on the triangle from the first step on',
      subtitle:
        'The same weights at the start; under either rule the network is affine on the triangle after every step.',
    }),
);
