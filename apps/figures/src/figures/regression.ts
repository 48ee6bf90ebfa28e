import { type PaperRegionName, paperRegions } from '@police/common/regions';
import { regressionTask, type TargetName, targetNames } from '@police/common/targets';
import { table } from '../draw/layout.js';
import { fieldOf, fieldPanel, targetField, zoomAt, zoomPanel } from '../draw/panels.js';
import type { Scale } from '../settings.js';
import { type Case, lastOf, recordOf, rounded, trainingsOf } from './case.js';
import { COMPARISON_HEADS, comparisonRow, LEGEND } from './comparison.js';
import type { Figure, Picture, Results } from './figure.js';

/** Where a region is enlarged: around one of its corners, as in the paper. */
const corners: Readonly<Record<PaperRegionName, readonly [number, number]>> = {
  triangle: [Math.SQRT2, -Math.SQRT2],
  polygon: [1.5, 1],
  circle: [Math.SQRT2, -Math.SQRT2],
};

const regionNames = Object.keys(paperRegions) as PaperRegionName[];

export const regressionCase = (
  target: TargetName,
  region: PaperRegionName,
  { regression, side }: Scale,
  seed: number,
): Case => ({
  task: regressionTask(target, side),
  region,
  regions: [paperRegions[region]],
  setup: regression,
  seed,
});

/** The paper's Fig. 2: as the paper lays it out under either rule, and the rules side by side for each target. */
export const regression: Figure = {
  name: 'regression',
  summary: 'Fig. 2: wave, rays and spiral, affine on a triangle, a polygon and a circle',
  trainings: (scale, seed) =>
    targetNames.flatMap(target =>
      regionNames.flatMap(region => trainingsOf(regressionCase(target, region, scale, seed))),
    ),
  draw: (scale, seed, results) => [
    nine('sticky', scale, seed, results),
    nine('majority', scale, seed, results),
    ...targetNames.map(target => compared(target, scale, seed, results)),
  ],
};

function nine(rule: 'majority' | 'sticky', scale: Scale, seed: number, results: Results): Picture {
  const name = `regression-${rule}`;
  const rows = targetNames.map(target => {
    const specs = regionNames.map(region => regressionCase(target, region, scale, seed));
    const records = specs.map(spec => recordOf(name, spec, rule, results));
    const { task } = specs[0];
    const panels = specs.flatMap((spec, i) => {
      const { network } = lastOf(spec, rule, results);
      const { loss, floor, residual } = records[i];
      const zoom = zoomAt(corners[regionNames[i]]);
      return [
        {
          drawing: fieldPanel(fieldOf(network, task.window), task.window, spec.regions, zoom),
          notes: [`loss ${rounded(loss)} · floor ${rounded(floor)}`],
        },
        { drawing: zoomPanel(network, zoom, spec.regions), notes: [`residual ${rounded(residual)}`] },
      ];
    });
    return {
      records,
      row: {
        head: target,
        panels: [{ drawing: fieldPanel(targetField(task), task.window, []) }, ...panels],
      },
    };
  });
  const svg = table({
    title: `Regression, affine on a region, ${rule} rule`,
    subtitle:
      'Enlarged: the blue frames, with lines of equal value 0.04 apart; in the region they are straight and evenly spaced.',
    heads: ['target', ...regionNames.flatMap(region => [region, 'enlarged'])],
    rows: rows.map(({ row }) => row),
    legend: LEGEND,
  });
  return { name, svg, records: rows.flatMap(({ records }) => records) };
}

function compared(target: TargetName, scale: Scale, seed: number, results: Results): Picture {
  const name = `regression-${target}`;
  const rows = regionNames.map(region => ({
    head: region,
    ...comparisonRow(name, regressionCase(target, region, scale, seed), results),
  }));
  const svg = table({
    title: `Regression of the ${target}: rules compared`,
    subtitle: 'The floor, dashed, is the least loss of any function affine on the region.',
    heads: COMPARISON_HEADS,
    rows,
    legend: LEGEND,
  });
  return { name, svg, records: rows.flatMap(({ records }) => records) };
}
