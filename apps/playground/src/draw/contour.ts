import { contours } from 'd3-contour';
import { EXTENT } from '../state/plane.js';

/** Where values `[side²]`, row by row from the top, are `level`: an SVG path in the plane's coordinates, y upwards. */
export function contourPath(values: Float32Array, level: number): string {
  const side = Math.sqrt(values.length);
  const [found] = contours().size([side, side]).thresholds([level])(Array.from(values));
  const toPlane = (t: number) => (2 * EXTENT * t) / side - EXTENT;
  // The edge of the square closes the areas, but is no contour.
  const isEdge = (t: number) => t <= 0 || t >= side;
  return found.coordinates
    .flat()
    .map(ring => {
      let path = '';
      let isDrawing = false;
      for (const [x, y] of ring) {
        const isOnEdge = isEdge(x) || isEdge(y);
        if (!isOnEdge) path += `${isDrawing ? 'L' : 'M'}${toPlane(x).toFixed(3)} ${(-toPlane(y)).toFixed(3)}`;
        isDrawing = !isOnEdge;
      }
      return path;
    })
    .join('');
}
