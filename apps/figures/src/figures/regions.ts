import { separateRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import type { Scale } from '../settings.js';
import type { Case } from './case.js';
import { caseFigure } from './case-figure.js';
import { COMPARISON_HEADS, comparisonRow, LEGEND } from './comparison.js';
import type { Figure } from './figure.js';

const NAME = 'regions';

const casesOf = ({ regression, side }: Scale, seed: number): Case[] =>
  (['two', 'three'] as const).map(count => ({
    task: regressionTask('wave', side),
    region: `${count} regions`,
    regions: separateRegions[count],
    setup: regression,
    seed,
  }));

/** Several regions at once. */
export const regions: Figure = caseFigure(
  NAME,
  'two and three disjoint regions at once, each with its own affine map',
  casesOf,
  (specs, results) => {
    const rows = specs.map(spec => ({ head: spec.region, ...comparisonRow(NAME, spec, results) }));
    return {
      title: 'Affine on several regions at once',
      subtitle: 'A different affine map on each of the regions, kept by the same network.',
      heads: COMPARISON_HEADS,
      rows,
      legend: LEGEND,
      records: rows.flatMap(({ records }) => records),
    };
  },
);
