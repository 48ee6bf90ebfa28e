import { gridPoints, squareWindow } from './grid.js';
import { EXTENT } from './plane.js';
import type { Task } from './task.js';

type Colour = readonly [number, number, number];

const SKY_TOP: Colour = [0.16, 0.24, 0.52];
const SKY_LOW: Colour = [0.98, 0.62, 0.42];
const SUN: Colour = [1, 0.92, 0.62];
const FAR_HILLS: Colour = [0.42, 0.3, 0.5];
const NEAR_HILLS: Colour = [0.14, 0.2, 0.26];

/** A picture to be learned as a function of the plane: a sun over two ranges of hills. Colours in [−1, 1]. */
export function landscapeTask(side: number): Task {
  const window = squareWindow(EXTENT);
  const points = Float32Array.from(gridPoints(window, side));
  const values = new Float32Array(3 * side * side);
  for (let i = 0; i < side * side; i++) {
    values.set(
      colourAt(points[2 * i], points[2 * i + 1]).map(c => 2 * c - 1),
      3 * i,
    );
  }
  return { name: 'landscape', window, points, values, outputs: 3, loss: 'squared' };
}

/** How bright the picture is at a point, in [−1, 1]: the mean of its three colours. */
export const brightnessAt = (x: number, y: number): number =>
  (2 / 3) * colourAt(x, y).reduce((sum, c) => sum + c, 0) - 1;

function colourAt(x: number, y: number): Colour {
  if (y < -2.2 + 0.5 * Math.sin(1.7 * x + 1) + 0.2 * Math.sin(4 * x)) return NEAR_HILLS;
  if (y < -0.5 + 0.7 * Math.sin(1.1 * x - 0.6)) return mixed(FAR_HILLS, SKY_LOW, (y + 3) / 12);
  if (Math.hypot(x - 1.4, y - 1.5) < 1.1) return SUN;
  return mixed(SKY_LOW, SKY_TOP, (y + 1) / 5);
}

const mixed = (a: Colour, b: Colour, share: number): Colour =>
  a.map((c, k) => c + (b[k] - c) * Math.min(1, Math.max(0, share))) as unknown as Colour;
