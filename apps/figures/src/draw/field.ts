import * as Plot from '@observablehq/plot';
import type { Point } from '@police/common/plane';
import { contours } from 'd3-contour';
import { pathOf } from './path.js';
import { element, label } from './svg.js';

/** Values `[side · side]` on a grid over a window, row by row from the least y. */
export interface Field {
  readonly side: number;
  readonly values: Float32Array;
}

/** The bands of the paper's colour scale: 11 between −1 and 1. */
const BANDS = 11;
const thresholds: readonly number[] = Array.from({ length: BANDS - 1 }, (_, k) => -1 + (2 * (k + 1)) / BANDS);

const scale = Plot.scale({ color: { scheme: 'plasma', domain: [0, BANDS - 1] } })!;
const bandColours: readonly string[] = Array.from({ length: BANDS }, (_, k) => `${scale.apply(k)}`);

/** The field in bands of colour, on `size` × `size` pixels; y points up. */
export function bands({ side, values }: Field, size: number): string {
  const numbers = Array.from(values);
  const generator = contours().size([side, side]);
  return [
    element('rect', { width: size, height: size, fill: bandColours[0] }),
    ...thresholds.flatMap((threshold, k) => {
      const rings = generator.contour(numbers, threshold).coordinates.flat();
      const d = pathOf(
        rings.map(ring => ring.map(([x, y]) => pixel([x, y], side, size))),
        true,
      );
      return d === '' ? [] : [element('path', { d, fill: bandColours[k + 1] })];
    }),
  ].join('');
}

/** Thin lines of equal value, `distance` apart: straight and evenly spaced where the field is affine. */
export function isolines(field: Field, distance: number, size: number): string {
  const [least, most] = extent(field.values);
  const from = Math.ceil(least / distance);
  const count = Math.max(0, Math.floor(most / distance) - from + 1);
  const lines = Array.from({ length: count }, (_, k) => levelLines(field, (from + k) * distance, size));
  return element('path', {
    d: pathOf(lines.flat(), false),
    fill: 'none',
    stroke: 'white',
    'stroke-opacity': 0.6,
    'stroke-width': 0.5,
  });
}

const extent = (values: Float32Array): [number, number] =>
  values.reduce(
    ([lo, hi]: [number, number], v): [number, number] => [Math.min(lo, v), Math.max(hi, v)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

/** Where the field has the value, as open lines on `size` × `size` pixels; what runs along the edge is left out. */
export function levelLines({ side, values }: Field, value: number, size: number): Point[][] {
  const rings = contours().size([side, side]).contour(Array.from(values), value).coordinates.flat();
  return rings
    .flatMap(ring =>
      withoutEdges(
        ring.map(([x, y]): Point => [x, y]),
        side,
      ),
    )
    .map(line => line.map(point => pixel(point, side, size)));
}

/** From the grid of d3-contour, whose values lie at the middles of unit squares. */
function pixel([x, y]: Point, side: number, size: number): Point {
  const step = size / (side - 1);
  return [(x - 0.5) * step, size - (y - 0.5) * step];
}

/** A ring cut where it runs outside the outermost values, along the edge of the grid. */
function withoutEdges(ring: readonly Point[], side: number): Point[][] {
  const isOutside = ([x, y]: Point) => Math.min(x, y) < 0.5 || Math.max(x, y) > side - 0.5;
  const lines: Point[][] = [[]];
  for (const point of ring) {
    if (isOutside(point)) lines.push([]);
    else lines.at(-1)!.push(point);
  }
  return lines.filter(line => line.length > 1);
}

/** The scale of `bands`, with its numbers below. */
export function bandLegend(width: number): string {
  const step = width / BANDS;
  const numbers = [-1, 0, 1];
  return [
    ...bandColours.map((fill, k) => element('rect', { x: k * step, width: step + 0.5, height: 9, fill })),
    ...numbers.map(value =>
      label(`${value}`.replace('-', '−'), { x: ((value + 1) / 2) * width, y: 20, 'text-anchor': 'middle' }),
    ),
  ].join('');
}
