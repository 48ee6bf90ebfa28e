import { brightnessAt } from '@police/common/landscape';
import { targets } from '@police/common/targets';
import { levelAt } from '../drawing/drawing.js';
import { EXTENT } from '../state/plane.js';
import type { Settings, Target } from '../state/settings.js';

/** Values over the plane, in about [−1, 1]; for the two-class ones −1 and 1. */
const functions: Readonly<Record<Exclude<Target, 'drawing'>, (x: number, y: number) => number>> = {
  ...targets,
  pendulum: (x, y) => 0.9 * Math.sin(-x) - 0.1 * y,
  switching: (x, y) => Math.tanh(-8 * (x + (y * Math.abs(y)) / 2)),
  landscape: (x, y) => brightnessAt(x, y),
  moons: (x, y) => (nearest(x, y, MOONS[0]) < nearest(x, y, MOONS[1]) ? 1 : -1),
  rings: (x, y) => (Math.floor(Math.hypot(x, y) / 1.2) % 2 === 0 ? 1 : -1),
};

const arc = (cx: number, cy: number, side: number): (readonly [number, number])[] =>
  Array.from({ length: 60 }, (_, i) => {
    const angle = (Math.PI * i) / 59;
    return [cx + 2 * Math.cos(angle), cy + side * 2 * Math.sin(angle)];
  });

/** Two half circles in each other's way. */
const MOONS = [arc(-1, -0.4, 1), arc(1, 0.4, -1)];

const nearest = (x: number, y: number, points: readonly (readonly [number, number])[]): number =>
  points.reduce((least, [px, py]) => Math.min(least, Math.hypot(x - px, y - py)), Number.POSITIVE_INFINITY);

/** Points `[side², 2]` of a square grid, row by row from the top, and the target there. */
export function gridOf(side: number): Float32Array {
  const points = new Float32Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = 2 * (row * side + column);
      points[at] = EXTENT * ((2 * column + 1) / side - 1);
      points[at + 1] = -EXTENT * ((2 * row + 1) / side - 1);
    }
  }
  return points;
}

/** The target `[n]` at points `[n, 2]`. */
export function targetAt(
  { target, drawing }: Pick<Settings, 'target' | 'drawing'>,
  points: ArrayLike<number>,
): Float32Array {
  const at = target === 'drawing' ? (x: number, y: number) => levelAt(drawing, [x, y]) : functions[target];
  return Float32Array.from({ length: points.length / 2 }, (_, i) => at(points[2 * i], points[2 * i + 1]));
}
