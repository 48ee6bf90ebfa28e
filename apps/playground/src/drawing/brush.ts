import { distanceToSegment, type Point } from '@police/common/plane';
import { centreOf, type Drawing, type Level } from './drawing.js';

/** A round brush; its radius is in units of the plane. Level 0 erases. */
export interface Brush {
  readonly level: Level;
  readonly radius: number;
}

export const RADII = [0.2, 0.4, 0.8] as const;

/** The drawing after a stroke: all cells whose middle is at most a radius from the segment have the brush's level. */
export function stroke(drawing: Drawing, from: Point, to: Point, { level, radius }: Brush): Drawing {
  return drawing.map((old, cell) => (distanceToSegment(centreOf(cell), from, to) <= radius ? level : old));
}
