import { gridPoints, squareWindow } from './grid.js';
import type { Task } from './task.js';

/** The functions of the paper's Fig. 2. */
const functions = {
  wave: (x: number, y: number) => Math.cos(3 * x) * Math.cos(y),
  rays: (x: number, y: number) => Math.cos(6 * Math.atan2(y, x)),
  spiral: (x: number, y: number) => Math.cos(6 * Math.hypot(x, y) + Math.atan2(y, x)),
} as const;

export type TargetName = keyof typeof functions;
export const targetNames = Object.keys(functions) as TargetName[];

/** The function on a `side` × `side` grid over [−4, 4]², less its mean and then divided by its largest absolute value. */
export function regressionTask(name: TargetName, side: number): Task {
  const window = squareWindow(4);
  const points = gridPoints(window, side);
  const raw = Float64Array.from({ length: side * side }, (_, i) =>
    functions[name](points[2 * i], points[2 * i + 1]),
  );
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  const largest = raw.reduce((max, value) => Math.max(max, Math.abs(value - mean)), 0);
  const values = Float32Array.from(raw, value => (value - mean) / largest);
  return { name, window, points, values, outputs: 1, loss: 'squared' };
}
