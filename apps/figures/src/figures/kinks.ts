import { kinkPanel, LAYER_LABEL, layerLegend } from '../draw/panels.js';
import { lastOf, notesOf, recordsOf, ruleHeads, rules } from './case.js';
import { caseFigure } from './case-figure.js';
import type { Figure } from './figure.js';
import { regressionCase } from './regression.js';

const NAME = 'kinks';

/** Why the networks of Fig. 2 are affine: no unit changes sign in the region. */
export const kinks: Figure = caseFigure(
  NAME,
  'where units change sign, which is nowhere in the region',
  (scale, seed) => [regressionCase('rays', 'polygon', scale, seed)],
  ([spec], results) => {
    const records = recordsOf(NAME, spec, results);
    const panels = rules.map((rule, i) => ({
      drawing: kinkPanel(lastOf(spec, rule, results).network, spec.task.window, spec.regions),
      notes: notesOf(records[i]),
    }));
    return {
      title: 'Where units change sign',
      subtitle: 'A line for each unit, a colour for each layer. None crosses the region.',
      heads: ruleHeads,
      legend: { width: spec.setup.depth * LAYER_LABEL, drawing: layerLegend(spec.setup.depth) },
      rows: [{ panels }],
      records,
    };
  },
);
