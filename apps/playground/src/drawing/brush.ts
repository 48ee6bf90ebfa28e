import type { Point } from '../state/plane.js';
import { centreOf, type Drawing, type Level } from './drawing.js';

/** A round brush; its radius is in units of the plane. Level 0 erases. */
export interface Brush {
  readonly level: Level;
  readonly radius: number;
}

export const RADII = [0.2, 0.4, 0.8] as const;

/** The drawing after a stroke: all cells whose middle is at most a radius from the segment have the brush's level. */
export function stroke(drawing: Drawing, from: Point, to: Point, { level, radius }: Brush): Drawing {
  return drawing.map((old, cell) => (distance(centreOf(cell), from, to) <= radius ? level : old));
}

/** From a point to the nearest of a segment. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}
