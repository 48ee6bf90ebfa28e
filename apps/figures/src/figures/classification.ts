import { flowerTask } from '@police/common/flower';
import { square } from '@police/common/regions';
import { table } from '../draw/layout.js';
import { decisionPanel } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import {
  type Case,
  curvePanel,
  LOSS_HEAD,
  lastOf,
  notesOf,
  recordsOf,
  ruleHeads,
  rules,
  trainingsOf,
} from './case.js';
import type { Figure } from './figure.js';

const NAME = 'classification';

const caseOf = ({ classification, samples }: Scale, seed: number): Case => ({
  task: flowerTask(samples, seed),
  region: 'square',
  regions: [square],
  setup: classification,
  seed,
});

/** The paper's Fig. 1. */
export const classification: Figure = {
  name: NAME,
  summary: 'Fig. 1: two classes, with a decision boundary that is straight inside a square',
  trainings: (scale, seed) => trainingsOf(caseOf(scale, seed)),
  draw: (scale, seed, results) => {
    const spec = caseOf(scale, seed);
    const records = recordsOf(NAME, spec, results);
    const panels = rules.map((rule, i) => ({
      drawing: decisionPanel(spec.task, spec.regions, lastOf(spec, rule, results).network),
      notes: notesOf(records[i]),
    }));
    const svg = table({
      title: 'Classification, affine on a square',
      subtitle: 'Red: the decision boundary. Outside the square nothing holds it straight.',
      heads: [...ruleHeads, LOSS_HEAD],
      rows: [{ panels: [...panels, curvePanel(spec, results, records[0].floor)] }],
    });
    return [{ name: NAME, svg, records }];
  },
};
