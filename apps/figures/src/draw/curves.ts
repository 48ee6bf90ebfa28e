import * as Plot from '@observablehq/plot';
import { plotSvg } from '@police/common/plot';
import { PANEL } from './layout.js';
import { INK } from './svg.js';

export interface Curve {
  readonly colour: string;
  /** Losses at equal distances. */
  readonly losses: readonly number[];
}

/** Losses in training, on a logarithmic scale, and the floor as a dashed line. */
export function curvesPanel(curves: readonly Curve[], steps: number, floor: number): string {
  const points = curves.flatMap(({ losses, colour }) =>
    losses.map((loss, i) => ({ step: ((i + 0.5) * steps) / losses.length, loss, colour })),
  );
  const losses = points.map(({ loss }) => loss);
  const domain = [Math.min(floor, ...losses) * 0.8, Math.max(...losses) * 1.1];
  return plotSvg({
    width: PANEL,
    height: PANEL,
    marginLeft: 34,
    marginRight: 14,
    marginTop: 4,
    marginBottom: 24,
    x: { label: null, ticks: 3, domain: [0, steps], tickSize: 3 },
    y: {
      type: 'log',
      label: null,
      domain,
      ticks: roundNumbers(domain),
      tickFormat: '~r',
      tickSize: 0,
      grid: true,
    },
    style: { fontFamily: 'inherit', fontSize: '9px', background: 'none', color: INK },
    marks: [
      Plot.line(points, { x: 'step', y: 'loss', stroke: 'colour', z: 'colour', strokeWidth: 1.2 }),
      Plot.ruleY([floor], { strokeDasharray: '3,2', stroke: INK }),
    ],
  });
}

/** Powers of ten, and twice and five times them, in the domain. */
function roundNumbers([least, most]: readonly number[]): number[] {
  const first = Math.floor(Math.log10(least));
  const powers = Array.from({ length: Math.ceil(Math.log10(most)) - first + 1 }, (_, i) => 10 ** (first + i));
  return powers.flatMap(p => [p, 2 * p, 5 * p]).filter(tick => tick >= least && tick <= most);
}
