import { losses } from '../../state/store.js';
import { signed } from '../figures.js';
import { useWidth } from '../plane/use-width.js';
import { type Axis, linearAxis, logAxis } from './axis.js';

const HEIGHT = 150;
const MARGIN = { left: 46, right: 24, top: 8, bottom: 24 };

/** Both losses over the steps, on a logarithmic scale. */
export function LossChart() {
  const [holder, width] = useWidth<HTMLDivElement>();
  const points = losses.value;
  const all = points.flatMap(({ police, free }) => [police, free]).filter(loss => loss > 0);
  const x = linearAxis(points[0]?.step ?? 0, (points[0]?.step ?? 0) + 50, points.at(-1)?.step ?? 0, [
    MARGIN.left,
    width - MARGIN.right,
  ]);
  const y = logAxis(Math.min(...all, 1), Math.max(...all, 0.1), [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const line = (network: 'police' | 'free') =>
    points
      .filter(point => point[network] > 0)
      .map(
        (point, i) =>
          `${i === 0 ? 'M' : 'L'}${x.at(point.step).toFixed(1)} ${y.at(point[network]).toFixed(1)}`,
      )
      .join('');
  return (
    <div ref={holder} class="chart">
      {width > 0 && points.length > 1 && (
        <svg width={width} height={HEIGHT} role="img" aria-label="Loss of both networks over the steps">
          <Ticks x={x} y={y} width={width} />
          <path class="free" d={line('free')} />
          <path class="police" d={line('police')} />
        </svg>
      )}
    </div>
  );
}

function Ticks({ x, y, width }: { readonly x: Axis; readonly y: Axis; readonly width: number }) {
  return (
    <g class="ticks">
      {y.ticks.map(tick => (
        <g key={tick} transform={`translate(0 ${y.at(tick)})`}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} />
          <text x={MARGIN.left - 6} dy="0.32em" text-anchor="end">
            {tick}
          </text>
        </g>
      ))}
      {x.ticks.map(tick => (
        <text key={tick} x={x.at(tick)} y={HEIGHT - 8} text-anchor="middle">
          {signed(tick.toLocaleString('en'))}
        </text>
      ))}
      <text x={MARGIN.left + 4} y={HEIGHT - MARGIN.bottom - 5}>
        loss
      </text>
      <text x={width - MARGIN.right} y={HEIGHT - MARGIN.bottom - 5} text-anchor="end">
        steps
      </text>
    </g>
  );
}
