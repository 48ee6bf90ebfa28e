import { squareWindow } from '@police/common/grid';
import { disc as region } from '@police/common/regions';
import { regressionTask } from '@police/common/targets';
import { zoomPanel } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, lastOf } from './case.js';
import { caseFigure } from './case-figure.js';
import { COMPARISON_HEADS, comparisonRow, LEGEND } from './comparison.js';
import type { Figure } from './figure.js';

const NAME = 'disc';
/** Around a point of the rim. */
const zoom = squareWindow(0.5, [Math.SQRT2, -Math.SQRT2]);

const caseOf = ({ regression, side }: Scale, seed: number): Case[] => [
  {
    task: regressionTask('spiral', side),
    region: 'disc',
    regions: [region],
    setup: regression,
    seed,
  },
];

/** A region without vertices. */
export const disc: Figure = caseFigure(
  NAME,
  'an exact disc, which has no vertices to vote',
  caseOf,
  ([spec], results) => {
    const { panels, records } = comparisonRow(NAME, spec, results);
    const { network } = lastOf(spec, 'sticky', results);
    return {
      title: 'Affine on a disc: no polygon, no vertices',
      subtitle: 'The whole disc, rim included. Without vertices the majority is the side of the centre.',
      heads: [...COMPARISON_HEADS, 'sticky, at the rim'],
      rows: [{ panels: [...panels, { drawing: zoomPanel(network, zoom, spec.regions) }] }],
      legend: LEGEND,
      records,
    };
  },
);
