import { table } from '../draw/layout.js';
import { kinkPanel, LAYER_LABEL, layerLegend } from '../draw/panels.js';
import { lastOf, notesOf, recordsOf, ruleHeads, rules, trainingsOf } from './case.js';
import type { Figure } from './figure.js';
import { regressionCase } from './regression.js';

const NAME = 'kinks';

/** Why the networks of Fig. 2 are affine: no unit changes sign in the region. */
export const kinks: Figure = {
  name: NAME,
  summary: 'where units change sign, which is nowhere in the region',
  trainings: (scale, seed) => trainingsOf(regressionCase('rays', 'polygon', scale, seed)),
  draw: (scale, seed, results) => {
    const spec = regressionCase('rays', 'polygon', scale, seed);
    const records = recordsOf(NAME, spec, results);
    const panels = rules.map((rule, i) => ({
      drawing: kinkPanel(lastOf(spec, rule, results).network, spec.task.window, spec.regions),
      notes: notesOf(records[i]),
    }));
    const svg = table({
      title: 'Where units change sign',
      subtitle: 'A line for each unit, a colour for each layer. None crosses the region.',
      heads: ruleHeads,
      legend: { width: spec.setup.depth * LAYER_LABEL, drawing: layerLegend(spec.setup.depth) },
      rows: [{ panels }],
    });
    return [{ name: NAME, svg, records }];
  },
};
