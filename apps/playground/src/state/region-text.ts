import { EXTENT, type Point } from './plane.js';
import type { Shape } from './settings.js';

/** `x,y;x,y;x,y` for a polygon, `o;x,y;radius` for a disc; regions are apart by `!`. */
export const regionsText = (regions: readonly Shape[]): string =>
  regions
    .map(shape =>
      shape.kind === 'disc'
        ? `o;${pointText(shape.centre)};${round(shape.radius)}`
        : shape.points.map(pointText).join(';'),
    )
    .join('!');

const pointText = ([x, y]: Point): string => `${round(x)},${round(y)}`;

/** To the two decimals of a link. */
export const round = (x: number): number => Math.round(x * 100) / 100 || 0;

/** The inverse of {@link regionsText}; undefined where a part is no region of the square. */
export function regionsFrom(text: string): readonly Shape[] | undefined {
  const shapes = text === '' ? [] : text.split('!').map(shapeFrom);
  return shapes.includes(undefined) ? undefined : (shapes as Shape[]);
}

function shapeFrom(text: string): Shape | undefined {
  const [first, ...rest] = text.split(';');
  if (first === 'o') {
    const [centre, radius] = [pointFrom(rest[0] ?? ''), round(Number(rest[1]))];
    if (!centre || rest.length !== 2 || !(radius > 0 && radius <= EXTENT)) return undefined;
    return { kind: 'disc', centre, radius };
  }
  const points = [first, ...rest].map(pointFrom);
  if (points.length < 3 || points.includes(undefined)) return undefined;
  return { kind: 'polygon', points: points as Point[] };
}

function pointFrom(text: string): Point | undefined {
  const numbers = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length !== 2 || !numbers.every(x => Math.abs(x) <= EXTENT)) return undefined;
  return numbers.map(round) as unknown as Point;
}
