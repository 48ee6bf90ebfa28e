/** An axis-parallel rectangle of the plane. */
export interface Window {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The square of half-width `half` around a centre. */
export const squareWindow = (half: number, [x, y]: readonly [number, number] = [0, 0]): Window => ({
  x: [x - half, x + half],
  y: [y - half, y + half],
});

/** The points `[side · side, 2]` of a grid over the window, corners included, row by row from the least y. */
export function gridPoints({ x, y }: Window, side: number): Float64Array {
  const points = new Float64Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      const at = 2 * (row * side + col);
      points[at] = x[0] + ((x[1] - x[0]) * col) / (side - 1);
      points[at + 1] = y[0] + ((y[1] - y[0]) * row) / (side - 1);
    }
  }
  return points;
}
