import { separateRegions } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { table } from '../draw/layout.js';
import type { Scale } from '../settings.js';
import { type Case, trainingsOf } from './case.js';
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
export const regions: Figure = {
  name: NAME,
  summary: 'two and three disjoint regions at once, each with its own affine map',
  trainings: (scale, seed) => casesOf(scale, seed).flatMap(trainingsOf),
  draw: (scale, seed, results) => {
    const rows = casesOf(scale, seed).map(spec => ({
      head: spec.region,
      ...comparisonRow(NAME, spec, results),
    }));
    const svg = table({
      title: 'Affine on several regions at once',
      subtitle: 'A different affine map on each of the regions, kept by the same network.',
      heads: COMPARISON_HEADS,
      rows,
      legend: LEGEND,
    });
    return [{ name: NAME, svg, records: rows.flatMap(({ records }) => records) }];
  },
};
