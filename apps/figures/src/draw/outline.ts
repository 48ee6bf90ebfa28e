import type { Window } from '@police/common/grid';
import type { Point } from '@police/common/plane';
import { matrix, pointsAt, type Region } from '@police/core';
import { pathOf } from './path.js';
import { element } from './svg.js';

/** Directions in which the outline's points are sought: a disc becomes a polygon that no eye can tell from it. */
const DIRECTIONS = 720;

/** The corners of a planar region in order, or as many points of its rim: the furthest points in directions all round. */
export function outlinePoints({ frame, extremes, ...region }: Region): Point[] {
  const values = matrix(frame.rows, DIRECTIONS);
  for (let j = 0; j < DIRECTIONS; j++) {
    // Half a step off, so that no direction is across an edge along an axis, where two corners tie.
    const angle = (2 * Math.PI * (j + 0.5)) / DIRECTIONS;
    for (let i = 0; i < frame.rows; i++) {
      values.data[i * DIRECTIONS + j] =
        frame.data[2 * i] * Math.cos(angle) + frame.data[2 * i + 1] * Math.sin(angle);
    }
  }
  const furthest = pointsAt(
    { frame, extremes, ...region },
    extremes(values, new Int8Array(DIRECTIONS).fill(1)),
  );
  const points = Array.from(
    { length: DIRECTIONS },
    (_, j): Point => [furthest.data[2 * j], furthest.data[2 * j + 1]],
  );
  return points.filter((point, j) => {
    const before = points.at(j - 1)!;
    return point[0] !== before[0] || point[1] !== before[1];
  });
}

/** Plane coordinates to pixels of a square of `size` that shows the window. */
export const toPixels =
  ({ x, y }: Window, size: number) =>
  (point: Point): Point => [
    ((point[0] - x[0]) / (x[1] - x[0])) * size,
    size - ((point[1] - y[0]) / (y[1] - y[0])) * size,
  ];

/** The regions' edges, thin and dark on a pale halo, which shows on any colour. */
export function outlines(regions: readonly Region[], window: Window, size: number): string {
  const pixels = toPixels(window, size);
  return regions
    .map(region => {
      const points = outlinePoints(region).map(pixels);
      const d = pathOf([[...points, points[0]]], true);
      const line = { d, fill: 'none', 'stroke-linejoin': 'round' };
      return (
        element('path', { ...line, stroke: 'white', 'stroke-opacity': 0.55, 'stroke-width': 3 }) +
        element('path', { ...line, stroke: 'black', 'stroke-width': 1.2 })
      );
    })
    .join('');
}
