import * as Plot from '@observablehq/plot';
import { useEffect, useRef } from 'preact/hooks';
import { losses } from '../state/store.js';

/** Both losses over the steps, on a logarithmic scale. */
export function LossChart() {
  const holder = useRef<HTMLDivElement>(null);
  const points = losses.value;
  useEffect(() => {
    if (points.length === 0) return;
    const lines = points.flatMap(({ step, police, free }) => [
      { step, loss: police, network: 'with POLICE' },
      { step, loss: free, network: 'without' },
    ]);
    const chart = Plot.plot({
      width: holder.current?.clientWidth || 600,
      height: 170,
      marginLeft: 48,
      style: { background: 'none' },
      ariaLabel: 'Loss of both networks',
      x: { label: 'steps', domain: [0, Math.max(50, points.at(-1)?.step ?? 0)] },
      y: { type: 'log', label: 'loss', grid: true, ticks: 3, tickFormat: value => `${value}` },
      color: { domain: ['with POLICE', 'without'], range: ['var(--police)', 'var(--free)'] },
      marks: [Plot.lineY(lines, { x: 'step', y: 'loss', stroke: 'network', strokeWidth: 1.8 })],
    });
    holder.current?.replaceChildren(chart);
  }, [points]);
  return <div ref={holder} class="chart" />;
}
