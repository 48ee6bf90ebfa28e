import { shortNumber } from '../report.js';
import type { CurvePoint } from './radius-curve.js';

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [640, 400, 60, 40, 20, 56];

const LINES = [
  {
    name: 'units shifted',
    colour: '#1f77b4',
    of: ({ shifted, units }: CurvePoint) => shifted / (units || 1),
  },
  {
    name: 'decisions lost',
    colour: '#d62728',
    of: ({ decisionsLost }: CurvePoint) => decisionsLost,
  },
] as const;

/** Shares of units shifted and of decisions lost, in per cent, against the radius on a logarithmic axis. */
export function curveSvg(points: readonly CurvePoint[], title: string): string {
  const drawn = points.filter(({ radius }) => radius > 0);
  const logs = drawn.map(({ radius }) => Math.log10(radius));
  const [from, to] = [Math.min(...logs), Math.max(...logs)];
  const x = (log: number) => LEFT + ((log - from) / (to - from || 1)) * (WIDTH - LEFT - RIGHT);
  const most = Math.max(0.01, ...drawn.flatMap(point => LINES.map(({ of }) => of(point))));
  const y = (share: number) => HEIGHT - BOTTOM - (share / most) * (HEIGHT - TOP - BOTTOM);
  const place = (value: number) => value.toFixed(1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(part => {
    const at = place(y(part * most));
    return [
      `<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${shortNumber(100 * part * most)}%</text>`,
    ].join('');
  });
  const ticks = drawn.map(
    ({ radius }, i) =>
      `<text x="${place(x(logs[i]))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${shortNumber(radius)}</text>`,
  );
  const lines = LINES.map(({ name, colour, of }, k) => {
    const path = drawn.map((point, i) => `${place(x(logs[i]))},${place(y(of(point)))}`);
    const dots = path.map(at => {
      const [cx, cy] = at.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
    });
    const label = `<text x="${LEFT + 10 + 130 * k}" y="${TOP - 10}" fill="${colour}">${name}</text>`;
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...grid,
    ...ticks,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(title)}</text>`,
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
