import type { TargetName } from '@police/common/targets';
import { table } from '../draw/layout.js';
import type { Scale } from '../settings.js';
import { type Case, STEEPNESS, trainingsOf } from './case.js';
import { comparisonHeads, comparisonRow, LEGEND } from './comparison.js';
import type { Figure, Rule } from './figure.js';
import { regressionCase } from './regression.js';

const NAME = 'ways';
const TARGETS = ['wave', 'rays'] as const;
const WAYS: readonly Rule[] = ['unconstrained', 'sticky', 'fade', 'patch'];

export const wayCase = (target: TargetName, scale: Scale, seed: number): Case =>
  regressionCase(target, 'triangle', { ...scale, regression: scale.ways }, seed);

/** The three ways to keep the promise while training: docs/which-way.md. */
export const ways: Figure = {
  name: NAME,
  summary: 'shifts, shifts that fade, and a patch: three ways to train under the same promise',
  trainings: (scale, seed) => TARGETS.flatMap(target => trainingsOf(wayCase(target, scale, seed), WAYS)),
  draw: (scale, seed, results) => {
    const rows = TARGETS.map(target => ({
      head: target,
      ...comparisonRow(NAME, wayCase(target, scale, seed), results, WAYS),
    }));
    const svg = table({
      title: 'Affine on the triangle: three ways to train',
      subtitle: `sticky: shifts that hold everywhere. fade: the same, gone within a quarter of a radius. patch: held between cones of steepness ${STEEPNESS.patch}.`,
      heads: comparisonHeads(WAYS),
      rows,
      legend: LEGEND,
    });
    return [{ name: NAME, svg, records: rows.flatMap(({ records }) => records) }];
  },
};
