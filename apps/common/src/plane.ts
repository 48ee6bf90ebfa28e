/** A point of the plane. */
export type Point = readonly [number, number];

/** Half the side of the square that the tasks are set in, as in the paper. */
export const EXTENT = 4;

/** From a point to the nearest of a segment. */
export function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}
