import * as Plot from '@observablehq/plot';
import { plotSvg } from '@police/common/plot';
import { INK } from './svg.js';

const CONE = '#f2a33a';
const MAP = '#c65f00';
const FREE = '#777';
const HELD = '#1f5fbf';

/** f, a ± K d and y over a line's coordinate: the region is where the radius K d is 0. */
export function conesPanel(
  along: Float32Array,
  { f, centre, radius }: { f: Float32Array; centre: Float32Array; radius: Float32Array },
  width: number,
  height: number,
): string {
  const points = Array.from(along, (x, i) => {
    const [low, high] = [centre[i] - radius[i], centre[i] + radius[i]];
    return { x, low, high, f: f[i], a: centre[i], y: Math.max(Math.min(f[i], high), low) };
  });
  const inside = points.filter((_, i) => radius[i] === 0);
  const [left, right] = [inside[0].x, inside.at(-1)!.x];
  const seen = points.flatMap(({ f: value, y }) => [value, y]);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const room = 0.25 * (most - least);
  const domain: [number, number] = [least - room, most + room];
  const clamped = (value: number) => Math.min(Math.max(value, domain[0]), domain[1]);
  const band = points.map(({ low, high, ...rest }) => ({ ...rest, low: clamped(low), high: clamped(high) }));
  return plotSvg({
    width,
    height,
    marginLeft: 40,
    marginRight: 130,
    marginTop: 8,
    marginBottom: 26,
    x: { label: null, tickSize: 3, domain: [along[0], along[along.length - 1]] },
    y: { label: null, domain, tickSize: 0, ticks: 5, grid: true },
    style: { fontFamily: 'inherit', fontSize: '10px', background: 'none', color: INK, overflow: 'visible' },
    marks: [
      Plot.rect([{ left, right }], {
        x1: 'left',
        x2: 'right',
        y1: domain[0],
        y2: domain[1],
        fill: '#000',
        fillOpacity: 0.07,
      }),
      Plot.areaY(band, { x: 'x', y1: 'low', y2: 'high', fill: CONE, fillOpacity: 0.22 }),
      Plot.line(band, { x: 'x', y: 'low', stroke: CONE, strokeWidth: 1 }),
      Plot.line(band, { x: 'x', y: 'high', stroke: CONE, strokeWidth: 1 }),
      Plot.line(
        points.filter(({ x, a }) => clamped(a) === a && x > left - 1.5 && x < right + 1.5),
        { x: 'x', y: 'a', stroke: MAP, strokeWidth: 1, strokeDasharray: '2,3' },
      ),
      Plot.line(points, { x: 'x', y: 'y', stroke: HELD, strokeWidth: 3, strokeOpacity: 0.75 }),
      Plot.line(points, { x: 'x', y: 'f', stroke: FREE, strokeWidth: 1.2, strokeDasharray: '5,3' }),
      ...legend(along, domain),
    ],
  });
}

function legend(along: Float32Array, [least, most]: readonly [number, number]) {
  const entries = [
    { text: 'y', colour: HELD },
    { text: 'f, the network', colour: FREE },
    { text: 'a ± K d, the cones', colour: CONE },
    { text: 'a, the map', colour: MAP },
    { text: 'the region', colour: '#999' },
  ];
  const x = along[along.length - 1];
  const placed = entries.map((entry, i) => ({ ...entry, x, y: most - ((i + 0.5) / 8) * (most - least) }));
  return [
    Plot.text(placed, {
      x: 'x',
      y: 'y',
      text: 'text',
      fill: 'colour',
      textAnchor: 'start',
      dx: 10,
      fontWeight: 'bold',
      fontSize: 11,
    }),
  ];
}
