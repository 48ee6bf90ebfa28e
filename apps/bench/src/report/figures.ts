import * as Plot from '@observablehq/plot';
import { plotSvg, png } from '@police/common/plot';
import { type BenchCase, groupOf } from '../cases/case.js';
import type { CaseResult, Results } from '../results.js';

export interface Figure {
  readonly group: string;
  /** Of its files, without their ends. */
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
  readonly png: Uint8Array;
}

interface Point {
  readonly x: string | number;
  readonly y: number;
  readonly series: string;
  /** Of the spread. */
  readonly from?: number;
  readonly to?: number;
}

/** One figure for Table 1, and one for each scaling curve that has two points. */
export function figures(results: Results, cases: readonly BenchCase[]): Figure[] {
  const table1 = table1Points(results, cases);
  const first = table1.some(({ series }) => series !== PAPER) ? [table1Figure(table1)] : [];
  const groups = [...new Set(cases.filter(({ x }) => x !== undefined).map(groupOf))];
  const curves = groups.flatMap(group => {
    const points = curvePoints(results, cases, group);
    return new Set(points.map(({ x }) => x)).size > 1 ? [curveFigure(group, points)] : [];
  });
  return [...first, ...curves];
}

const PAPER = 'paper (GPU)';

const ratioOf = ({ contenders }: CaseResult, name: string) =>
  contenders.find(contender => contender.name === name)?.ratio;

/** Whether it trains sample by sample, and not on batches. */
const isSampleWise = ({ backend }: CaseResult): boolean => ['brainjs', 'synaptic'].includes(backend);

const seriesOf = (result: CaseResult): string =>
  `${result.backend}${isSampleWise(result) ? ', one sample' : ''}${result.device?.isSoftware ? ', software GPU' : ''}`;

/** Slow-down of *ours* by backend, and the paper's. */
function table1Points({ results }: Results, cases: readonly BenchCase[]): Point[] {
  return cases
    .filter(spec => groupOf(spec) === 'table1')
    .flatMap(({ name, paper }) => {
      const x = name.split('/')[1].replaceAll('-', ', ');
      const measured = results.flatMap((result): Point[] => {
        const ratio = result.case === name ? ratioOf(result, 'ours') : undefined;
        return ratio ? [{ x, y: ratio.median, from: ratio.q1, to: ratio.q3, series: seriesOf(result) }] : [];
      });
      return [...(paper === undefined ? [] : [{ x, y: paper, series: PAPER }]), ...measured];
    });
}

/** Along the curve: *ours* by backend, the plain method where it is the slowest to grow, and the bound on batches. */
function curvePoints({ results }: Results, cases: readonly BenchCase[], group: string): Point[] {
  const own = cases.filter(spec => groupOf(spec) === group);
  return own.flatMap(({ name, x }) =>
    results
      .filter(result => result.case === name && result.status === 'measured')
      .flatMap((result): Point[] => {
        const ours = ratioOf(result, 'ours');
        const plain = ratioOf(result, 'plain');
        const bound = result.contenders.find(contender => contender.name === 'ours')?.bound;
        return [
          ...(ours ? [{ x: x!, y: ours.median, from: ours.q1, to: ours.q3, series: seriesOf(result) }] : []),
          ...(plain && result.backend === PLAIN_OF
            ? [{ x: x!, y: plain.median, series: `plain, ${PLAIN_OF}` }]
            : []),
          ...(bound && !isSampleWise(result) ? [{ x: x!, y: bound, series: BOUND }] : []),
          ...(bound && result.backend === 'brainjs'
            ? [{ x: x!, y: bound, series: `${BOUND}, one sample` }]
            : []),
        ];
      }),
  );
}

const PLAIN_OF = 'tfjs-wasm-training';
const BOUND = 'bound';

function table1Figure(points: readonly Point[]): Figure {
  const options: Plot.PlotOptions = {
    ...BASE,
    marginRight: 190,
    marginBottom: 55,
    x: {
      type: 'point',
      label: 'D, depth, width',
      domain: [...new Set(points.map(({ x }) => x))],
      // The width on a line of its own: there is no room beside.
      tickFormat: (x: string) => x.replace(/, (\d+)$/, ',\n$1'),
    },
    y: { type: 'log', label: 'slow-down', grid: true, tickFormat: '~r' },
    marks: [...lines(points, ({ series }) => series === PAPER), ...spreads(points)],
  };
  return drawn('table1', 'table1', 'Slow-down by configuration of Table 1', options);
}

function curveFigure(group: string, points: readonly Point[]): Figure {
  const options: Plot.PlotOptions = {
    ...BASE,
    marginRight: 190,
    x: { type: 'log', label: group, ticks: 5, tickFormat: '~s' },
    y: { type: 'log', label: 'slow-down', grid: true, tickFormat: '~r' },
    marks: [...lines(points, ({ series }) => series.startsWith(BOUND)), ...spreads(points)],
  };
  return drawn(group, `scaling-${group}`, `Slow-down against ${group}`, options);
}

const BASE = {
  width: 720,
  height: 400,
  marginLeft: 50,
  marginBottom: 40,
  color: { scheme: 'observable10' },
  style: { fontFamily: 'sans-serif', fontSize: '12px', background: 'white' },
} as const;

/** A labelled line for each series, dashed where it is no measurement of ours. */
function lines(points: readonly Point[], isReference: (point: Point) => boolean): Plot.Markish[] {
  const drawn = (chosen: readonly Point[], dash?: string) => [
    Plot.line(chosen, {
      x: 'x',
      y: 'y',
      z: 'series',
      stroke: 'series',
      ...(dash ? { strokeDasharray: dash } : {}),
    }),
    Plot.dot(chosen, { x: 'x', y: 'y', fill: 'series', r: 3 }),
  ];
  return [
    ...drawn(points.filter(point => !isReference(point))),
    ...drawn(points.filter(isReference), '4,3'),
    Plot.text(apart(lastOfEach(points)), {
      x: 'x',
      y: 'label',
      text: 'series',
      fill: 'series',
      textAnchor: 'start',
      dx: 8,
    }),
  ];
}

const spreads = (points: readonly Point[]): Plot.Markish[] => [
  Plot.ruleX(
    points.filter(({ from }) => from !== undefined),
    { x: 'x', y1: 'from', y2: 'to', stroke: 'series' },
  ),
];

function lastOfEach(points: readonly Point[]): Point[] {
  return [...new Set(points.map(({ series }) => series))].map(
    series => points.filter(point => point.series === series).at(-1)!,
  );
}

/** Labels at least a line apart: on the logarithmic scale of the points' range, which is the axis'. */
function apart(points: readonly Point[]): (Point & { label: number })[] {
  const logs = points.map(({ y }) => Math.log(y));
  const line = Math.max(0.01, (Math.max(...logs) - Math.min(...logs)) / 20);
  let below = Number.NEGATIVE_INFINITY;
  return [...points]
    .sort((a, b) => a.y - b.y)
    .map(point => {
      below = Math.max(Math.log(point.y), below + line);
      return { ...point, label: Math.exp(below) };
    });
}

function drawn(group: string, name: string, caption: string, options: Plot.PlotOptions): Figure {
  const svg = plotSvg(options);
  return { group, name, caption, svg, png: png(svg, 2) };
}
