import { gridPoints, squareWindow } from './grid.js';
import { EXTENT } from './plane.js';
import type { Task } from './task.js';

/** The functions of the paper's Fig. 2. */
export const targets = {
  wave: (x: number, y: number): number => Math.cos(3 * x) * Math.cos(y),
  rays: (x: number, y: number): number => Math.cos(6 * Math.atan2(y, x)),
  spiral: (x: number, y: number): number => Math.cos(6 * Math.hypot(x, y) + Math.atan2(y, x)),
} as const;

export type TargetName = keyof typeof targets;
export const targetNames: readonly TargetName[] = Object.keys(targets) as TargetName[];

/**
 * The function on a `side` × `side` grid over [−4, 4]², less its mean and then divided by its largest absolute value.
 * `Points` is the precision of the points that it is computed at; the task has all in float32.
 */
export function regressionTask(
  name: TargetName,
  side: number,
  Points: typeof Float32Array | typeof Float64Array = Float32Array,
): Task {
  const window = squareWindow(EXTENT);
  const points = Points.from(gridPoints(window, side));
  const raw = Float64Array.from({ length: side * side }, (_, i) =>
    targets[name](points[2 * i], points[2 * i + 1]),
  );
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  const largest = raw.reduce((max, value) => Math.max(max, Math.abs(value - mean)), 0);
  const values = Float32Array.from(raw, value => (value - mean) / largest);
  return { name, window, points: Float32Array.from(points), values, outputs: 1, loss: 'squared' };
}
