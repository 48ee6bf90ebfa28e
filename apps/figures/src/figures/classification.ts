import { flowerTask } from '@police/common/flower';
import { square } from '@police/common/regions';
import { decisionPanel } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, curvePanel, LOSS_HEAD, lastOf, notesOf, recordsOf, ruleHeads, rules } from './case.js';
import { caseFigure } from './case-figure.js';
import type { Figure } from './figure.js';

const NAME = 'classification';

const caseOf = ({ classification, samples }: Scale, seed: number): Case[] => [
  {
    task: flowerTask(samples, seed),
    region: 'square',
    regions: [square],
    setup: classification,
    seed,
  },
];

/** The paper's Fig. 1. */
export const classification: Figure = caseFigure(
  NAME,
  'Fig. 1: two classes, with a decision boundary that is straight inside a square',
  caseOf,
  ([spec], results) => {
    const records = recordsOf(NAME, spec, results);
    const panels = rules.map((rule, i) => ({
      drawing: decisionPanel(spec.task, spec.regions, lastOf(spec, rule, results).network),
      notes: notesOf(records[i]),
    }));
    return {
      title: 'Classification, affine on a square',
      subtitle: 'Red: the decision boundary. Outside the square nothing holds it straight.',
      heads: [...ruleHeads, LOSS_HEAD],
      rows: [{ panels: [...panels, curvePanel(spec, results, records[0].floor)] }],
      records,
    };
  },
);
